import type { resourcev1, resourcev1beta2 } from '@navarch/api';
import { ruleSelects } from '@navarch/scheduling';

type Slice = resourcev1.ResourceSlice;
export type Rule = resourcev1beta2.DeviceTaintRule;
/** A device that was given to a claim. */
export type Device = Pick<resourcev1.DeviceRequestAllocationResult, 'device' | 'driver' | 'pool'>;

export interface TrackedTaint {
  readonly taint: resourcev1.DeviceTaint;
  /** The rule that it is of; undefined when the driver has set it. */
  readonly rule?: Rule;
}

export type TaintsOf = (device: Device) => readonly TrackedTaint[];

export const poolKey = (driver: string, pool: string): string => `${driver}/${pool}`;

/** Taints of the devices that drivers offer now (of each pool only the latest generation counts), and of those that rules select. */
export class DeviceTaints {
  readonly #taints = new Map<string, readonly TrackedTaint[]>();
  readonly #devices: readonly Device[];
  readonly #rules: readonly Rule[];

  constructor(slices: readonly Slice[], rules: readonly Rule[] = []) {
    this.#rules = rules;
    const latest = new Map<string, number>();
    for (const { spec: { driver, pool } } of slices) latest.set(poolKey(driver, pool.name), Math.max(pool.generation, latest.get(poolKey(driver, pool.name)) ?? 0));
    const current = slices.filter(({ spec: { driver, pool } }) => pool.generation === latest.get(poolKey(driver, pool.name)));
    this.#devices = current.flatMap(({ spec: { driver, pool, devices = [] } }) => devices.map(({ name }) => ({ driver, pool: pool.name, device: name })));
    for (const { spec: { driver, pool, devices = [] } } of current)
      for (const { name, taints = [] } of devices) if (taints.length > 0) this.#taints.set(`${poolKey(driver, pool.name)}/${name}`, taints.map((taint) => ({ taint })));
  }

  /** Of a device that nobody offers any more, too, if a rule selects it. */
  of(device: Device): readonly TrackedTaint[] {
    const own = this.#taints.get(`${poolKey(device.driver, device.pool)}/${device.device}`) ?? [];
    const ruled = this.#rules.filter((rule) => ruleSelects(rule, device));
    return ruled.length === 0 ? own : [...own, ...ruled.map((rule) => ({ taint: rule.spec.taint, rule }))];
  }

  /** How many of the devices that are offered a rule selects. */
  countSelected(rule: Rule): number {
    return this.#devices.filter((device) => ruleSelects(rule, device)).length;
  }
}
