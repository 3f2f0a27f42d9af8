import {
  addAmounts, type Amounts, type corev1, countedNames, type DeviceObjects, formatAmounts, type KubeObject, maskAmounts, parseAmounts, quotaEvaluatorFor,
  sameAmounts, usageOf,
} from '@navarch/api';
import type { AnyResource } from '../../resource-types';

export interface ObservedQuota {
  readonly quota: corev1.ResourceQuota;
  /** The objects of the quota's namespace, of each resource that it counts. */
  readonly counted: readonly { readonly type: AnyResource; readonly objects: readonly KubeObject[] }[];
  readonly nowMs: number;
  /** For what claims of devices cost. */
  readonly devices?: DeviceObjects;
}

/** Those of the resources that a quota has a limit for. */
export function countedTypes({ spec }: corev1.ResourceQuota, types: readonly AnyResource[], devices?: DeviceObjects): AnyResource[] {
  const hard = parseAmounts(spec?.hard);
  return types.filter((type) => countedNames(hard, quotaEvaluatorFor(type, devices)).length > 0);
}

/**
 * The status to write, or undefined if the present one says the same. What nobody counts (a name of a resource that is
 * not served) keeps the usage it had.
 */
export function quotaStatus({ quota, counted, nowMs, devices }: ObservedQuota): corev1.ResourceQuotaStatus | undefined {
  const hard = parseAmounts(quota.spec?.hard);
  const { status } = quota;
  const before = parseAmounts(status?.used);
  // Pods and claims of devices can count under one name.
  const found = counted.reduce<Amounts>((sum, { type, objects }) => addAmounts(sum, usageOf(quota, quotaEvaluatorFor(type, devices), objects, nowMs)), new Map());
  const used = new Map([...before, ...found]);
  const masked: Amounts = maskAmounts(used, hard.keys());
  const isKnown = status?.hard !== undefined && status.used !== undefined && sameAmounts(parseAmounts(status.hard), hard) && sameAmounts(before, masked);
  return isKnown ? undefined : { hard: formatAmounts(hard), used: formatAmounts(masked) };
}
