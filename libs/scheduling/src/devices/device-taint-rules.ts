import type { resourcev1, resourcev1beta2 } from '@navarch/api';
import type { OfferedDevice } from './offered-devices';

type Rule = resourcev1beta2.DeviceTaintRule;

/** Whether a rule is about a device; one that selects nothing is about none. */
export function ruleSelects({ spec: { deviceSelector } }: Rule, { driver, pool, device }: Pick<resourcev1.DeviceRequestAllocationResult, 'device' | 'driver' | 'pool'>): boolean {
  if (deviceSelector === undefined) return false;
  return (deviceSelector.driver ?? driver) === driver && (deviceSelector.pool ?? pool) === pool && (deviceSelector.device ?? device) === device;
}

/** Devices with the taints that rules give them, besides those of their drivers (upstream's resourceslice tracker). */
export function withRules(offered: readonly OfferedDevice[], rules: readonly Rule[]): readonly OfferedDevice[] {
  if (rules.length === 0) return offered;
  return offered.map((entry) => {
    const { driver, pool, device } = entry;
    const taints = rules.flatMap((rule) => (ruleSelects(rule, { driver, pool, device: device.name }) ? [rule.spec.taint] : []));
    return taints.length === 0 ? entry : { ...entry, device: { ...device, taints: [...(device.taints ?? []), ...taints] } };
  });
}
