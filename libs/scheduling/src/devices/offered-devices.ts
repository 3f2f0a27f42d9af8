import type { resourcev1 } from '@navarch/api';
import { nodeSelectorMatches, type SelectableNode } from '../plugins/node-selector-terms';

/** A device that a node can use. */
export interface OfferedDevice {
  /** Of all devices of the cluster. */
  readonly id: string;
  readonly driver: string;
  readonly pool: string;
  readonly device: resourcev1.Device;
}

export const deviceId = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`;

interface Reach {
  readonly nodeName?: string;
  readonly allNodes?: boolean;
  readonly nodeSelector?: resourcev1.ResourceSliceSpec['nodeSelector'];
}

function reaches({ nodeName, allNodes, nodeSelector }: Reach, node: SelectableNode): boolean {
  return allNodes === true || (nodeName !== undefined && nodeName === node.name) || (nodeSelector !== undefined && nodeSelectorMatches(nodeSelector, node));
}

/** The devices that drivers offer to a node. Of a pool only the latest generation counts, and only when all its slices are there. */
export function offeredDevices(slices: readonly resourcev1.ResourceSlice[], node: SelectableNode): OfferedDevice[] {
  const pools = new Map<string, resourcev1.ResourceSliceSpec[]>();
  for (const { spec } of slices) {
    const key = `${spec.driver}/${spec.pool.name}`;
    const found = pools.get(key);
    const latest = found?.[0]?.pool.generation ?? -1;
    if (found === undefined || spec.pool.generation > latest) pools.set(key, [spec]);
    else if (spec.pool.generation === latest) found.push(spec);
  }
  const offered: OfferedDevice[] = [];
  for (const pool of pools.values()) {
    if (pool.length < (pool[0]?.pool.resourceSliceCount ?? 0)) continue;
    for (const slice of pool) {
      for (const device of slice.devices ?? []) {
        if (!reaches(slice.perDeviceNodeSelection === true ? device : slice, node)) continue;
        offered.push({ id: deviceId(slice.driver, slice.pool.name, device.name), driver: slice.driver, pool: slice.pool.name, device });
      }
    }
  }
  return offered;
}
