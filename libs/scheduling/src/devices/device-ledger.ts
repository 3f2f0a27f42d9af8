import type { resourcev1 } from '@navarch/api';
import { parseQuantity } from '@navarch/apimachinery';
import { consumedCapacity } from './capacity-request';
import { deviceId, type DevicePools, type OfferedDevice } from './offered-devices';

type Amounts = ReadonlyMap<string, bigint>;

/** What was taken of a device, and can be given back. */
export interface Taken {
  /** Of a device that others may share; undefined for one that is taken as a whole. */
  readonly consumed?: Readonly<Record<string, string>>;
  readonly giveBack: () => void;
}

/**
 * What of the devices is left: a device is taken once, or, if it may be shared, as long as its capacities last; devices that are parts of
 * the same hardware take from the counters of their pool (KEP-4815, partitionable devices).
 */
export class DeviceLedger {
  readonly #whole = new Set<string>();
  readonly #shared = new Map<string, Amounts>();
  readonly #counters = new Map<string, bigint>();
  readonly #pools: DevicePools;

  /** @param claims whose devices are taken already */
  constructor(pools: DevicePools, claims: readonly resourcev1.ResourceClaim[]) {
    this.#pools = pools;
    for (const { spec } of pools.slices)
      for (const set of spec.sharedCounters ?? [])
        for (const [name, { value }] of Object.entries(set.counters)) {
          this.#counters.set(counterKey(spec.driver, spec.pool.name, set.name, name), parseQuantity(value).nanos);
        }
    for (const { status } of claims) for (const result of status?.allocation?.devices?.results ?? []) this.#note(result);
  }

  /** Takes a device for a request, if there is enough of it. */
  take({ id, driver, pool, device }: OfferedDevice, requests: Readonly<Record<string, string>> | undefined): Taken | undefined {
    if (this.#whole.has(id)) return undefined;
    const isFirst = !this.#shared.has(id);
    // Counters are for the device, however many share it.
    const counters = isFirst ? countersOf(driver, pool, device) : new Map<string, bigint>();
    for (const [key, amount] of counters) if ((this.#counters.get(key) ?? 0n) < amount) return undefined;
    const done = (giveBackRest: () => void): (() => void) => () => {
      giveBackRest();
      this.#spend(counters, -1n);
    };
    if (device.allowMultipleAllocations !== true) {
      this.#whole.add(id);
      this.#spend(counters, 1n);
      return { giveBack: done(() => this.#whole.delete(id)) };
    }
    const consumed = consumedCapacity(device, requests);
    const before = this.#shared.get(id);
    if (consumed === undefined) return undefined;
    const after = add(before ?? new Map<string, bigint>(), consumed);
    for (const [name, { value }] of Object.entries(device.capacity ?? {})) if ((after.get(name) ?? 0n) > parseQuantity(value).nanos) return undefined;
    this.#shared.set(id, after);
    this.#spend(counters, 1n);
    return { consumed, giveBack: done(() => (before === undefined ? this.#shared.delete(id) : this.#shared.set(id, before))) };
  }

  #note({ driver, pool, device: name, adminAccess, shareID, consumedCapacity: consumed = {} }: resourcev1.DeviceRequestAllocationResult): void {
    if (adminAccess === true) return;
    const id = deviceId(driver, pool, name);
    const device = this.#pools.device(id);
    const isFirst = !this.#shared.has(id) && !this.#whole.has(id);
    if (shareID === undefined) this.#whole.add(id);
    else this.#shared.set(id, add(this.#shared.get(id) ?? new Map<string, bigint>(), consumed));
    if (device !== undefined && isFirst) this.#spend(countersOf(driver, pool, device), 1n);
  }

  #spend(amounts: Amounts, factor: bigint): void {
    for (const [key, amount] of amounts) this.#counters.set(key, (this.#counters.get(key) ?? 0n) - factor * amount);
  }
}

const counterKey = (...parts: readonly string[]): string => parts.join('/');

function countersOf(driver: string, pool: string, { consumesCounters = [] }: resourcev1.Device): Amounts {
  const amounts = new Map<string, bigint>();
  for (const { counterSet, counters } of consumesCounters) {
    for (const [name, { value }] of Object.entries(counters)) amounts.set(counterKey(driver, pool, counterSet, name), parseQuantity(value).nanos);
  }
  return amounts;
}

function add(amounts: Amounts, more: Readonly<Record<string, string>>): Amounts {
  const sum = new Map(amounts);
  for (const [name, value] of Object.entries(more)) sum.set(name, (sum.get(name) ?? 0n) + parseQuantity(value).nanos);
  return sum;
}
