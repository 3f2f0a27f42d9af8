import type { resourcev1 } from '@navarch/api';
import { nodeSelectorMatches, type SelectableNode } from '../plugins/node-selector-terms';

/** A device that a node can use. */
export interface OfferedDevice {
  /** Of all devices of the cluster. */
  readonly id: string;
  readonly driver: string;
  readonly pool: string;
  readonly device: resourcev1.Device;
  /** From where it can be used. */
  readonly reach: Reach;
}

export const deviceId = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`;

export interface Reach {
  readonly nodeName?: string;
  readonly allNodes?: boolean;
  readonly nodeSelector?: resourcev1.ResourceSliceSpec['nodeSelector'];
}

function reaches({ nodeName, allNodes, nodeSelector }: Reach, node: SelectableNode): boolean {
  return allNodes === true || (nodeName !== undefined && nodeName === node.name) || (nodeSelector !== undefined && nodeSelectorMatches(nodeSelector, node));
}

/** Pools of devices as they are now: of each only the latest generation counts, and only when all its slices are there. */
export class DevicePools {
  readonly slices: readonly resourcev1.ResourceSlice[];
  #byId: ReadonlyMap<string, resourcev1.Device> | undefined;

  constructor(all: readonly resourcev1.ResourceSlice[]) {
    const pools = new Map<string, resourcev1.ResourceSlice[]>();
    for (const slice of all) {
      const { driver, pool } = slice.spec;
      const key = `${driver}/${pool.name}`;
      const found = pools.get(key);
      const latest = found?.[0]?.spec.pool.generation ?? -1;
      if (found === undefined || pool.generation > latest) pools.set(key, [slice]);
      else if (pool.generation === latest) found.push(slice);
    }
    this.slices = [...pools.values()].filter((pool) => pool.length >= (pool[0]?.spec.pool.resourceSliceCount ?? 0)).flat();
  }

  /** A device of any node. */
  device(id: string): resourcev1.Device | undefined {
    this.#byId ??= new Map(this.slices.flatMap(({ spec }) => (spec.devices ?? []).map((device) => [deviceId(spec.driver, spec.pool.name, device.name), device])));
    return this.#byId.get(id);
  }

  /** The devices that drivers offer to a node. */
  offeredTo(node: SelectableNode): OfferedDevice[] {
    return this.slices.flatMap(({ spec }) => (spec.devices ?? []).flatMap((device) => {
      const reach: Reach = spec.perDeviceNodeSelection === true ? device : spec;
      return reaches(reach, node) ? [{ id: deviceId(spec.driver, spec.pool.name, device.name), driver: spec.driver, pool: spec.pool.name, device, reach }] : [];
    }));
  }
}
