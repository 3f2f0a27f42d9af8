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

const needsWork = ({ spec }: resourcev1.ResourceSlice): boolean => (spec.devices ?? []).some(({ bindingConditions }) => bindingConditions !== undefined);

const inOrder = (a: string, b: string): number => Number(a > b) - Number(a < b);

/** What drivers call things says what is taken first (upstream's order: by driver and pool, and in a pool by slice); what somebody has to make ready first goes last. */
function byName(a: readonly resourcev1.ResourceSlice[], b: readonly resourcev1.ResourceSlice[]): number {
  const [one, other] = [a[0]?.spec, b[0]?.spec];
  return Number(a.some(needsWork)) - Number(b.some(needsWork)) || inOrder(one?.driver ?? '', other?.driver ?? '') || inOrder(one?.pool.name ?? '', other?.pool.name ?? '');
}

function isInvalid(slices: readonly resourcev1.ResourceSlice[]): boolean {
  const names = slices.flatMap(({ spec }) => (spec.devices ?? []).map((device) => device.name));
  const sets = slices.flatMap(({ spec }) => spec.sharedCounters ?? []);
  const counters = new Map(sets.map(({ name, counters: known }) => [name, known]));
  if (new Set(names).size < names.length || counters.size < sets.length) return true;
  return slices.some(({ spec }) =>
    (spec.devices ?? []).some(({ consumesCounters = [] }) =>
      consumesCounters.some(({ counterSet, counters: wanted }) => Object.keys(wanted).some((name) => counters.get(counterSet)?.[name] === undefined)),
    ),
  );
}

/** One slice too many is no better than one too few: either way it is not what the driver means by the pool. */
function whyUnusable(slices: readonly resourcev1.ResourceSlice[]): UnusablePool['is'] | undefined {
  if (slices.length !== (slices[0]?.spec.pool.resourceSliceCount ?? 0)) return 'being updated';
  return isInvalid(slices) ? 'invalid' : undefined;
}

/** A pool of which nothing can be taken now. */
interface UnusablePool {
  readonly name: string;
  readonly is: 'being updated' | 'invalid';
  readonly slices: readonly resourcev1.ResourceSlice[];
}

/** Pools of devices as they are now: of each only the latest generation counts, and only when all its slices are there and agree with each other. */
export class DevicePools {
  readonly slices: readonly resourcev1.ResourceSlice[];
  readonly #unusable: readonly UnusablePool[];
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
    const found = [...pools].map(([name, slices]) => ({ name, slices, is: whyUnusable(slices) }));
    const usable = found.filter(({ is }) => is === undefined).map(({ slices }) => [...slices].sort((a, b) => inOrder(a.metadata.name ?? '', b.metadata.name ?? '')));
    this.slices = usable.sort(byName).flat();
    this.#unusable = found.flatMap(({ is, ...pool }) => (is === undefined ? [] : [{ ...pool, is }]));
  }

  /** Why it cannot be said now which devices there are for a node. */
  whyUnknownTo(node: SelectableNode): string | undefined {
    const pool = this.#unusableOf(node)[0];
    return pool && `resource pool ${pool.name} is currently ${pool.is}`;
  }

  /** Whether a driver offers a node what contradicts itself. */
  areInvalidFor(node: SelectableNode): boolean {
    return this.#unusableOf(node).some(({ is }) => is === 'invalid');
  }

  #unusableOf(node: SelectableNode): UnusablePool[] {
    return this.#unusable.filter(({ slices }) => slices.some(({ spec }) => (spec.devices ?? []).some((device) => reaches(spec.perDeviceNodeSelection === true ? device : spec, node))));
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

let latest: { readonly all: readonly resourcev1.ResourceSlice[]; readonly pools: DevicePools } | undefined;

/** The pools of these slices. Every node of a cycle is asked about the same ones, and a slice that changes is another object: so they are looked through once. */
export function poolsOf(all: readonly resourcev1.ResourceSlice[]): DevicePools {
  if (latest?.all.length !== all.length || !latest.all.every((slice, i) => slice === all[i])) latest = { all, pools: new DevicePools(all) };
  return latest.pools;
}
