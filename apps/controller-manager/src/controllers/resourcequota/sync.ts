import { type Amounts, type corev1, countedNames, formatAmounts, type KubeObject, maskAmounts, parseAmounts, quotaEvaluatorFor, sameAmounts, usageOf } from '@navarch/api';
import type { AnyResource } from '../../resource-types';

export interface ObservedQuota {
  readonly quota: corev1.ResourceQuota;
  /** The objects of the quota's namespace, of each resource that it counts. */
  readonly counted: readonly { readonly type: AnyResource; readonly objects: readonly KubeObject[] }[];
  readonly nowMs: number;
}

/** Those of the resources that a quota has a limit for. */
export function countedTypes({ spec }: corev1.ResourceQuota, types: readonly AnyResource[]): AnyResource[] {
  const hard = parseAmounts(spec?.hard);
  return types.filter((type) => countedNames(hard, quotaEvaluatorFor(type)).length > 0);
}

/**
 * The status to write, or undefined if the present one says the same. What nobody counts (a name of a resource that is
 * not served) keeps the usage it had.
 */
export function quotaStatus({ quota, counted, nowMs }: ObservedQuota): corev1.ResourceQuotaStatus | undefined {
  const hard = parseAmounts(quota.spec?.hard);
  const { status } = quota;
  const before = parseAmounts(status?.used);
  const used = new Map(before);
  for (const { type, objects } of counted) for (const [name, quantity] of usageOf(quota, quotaEvaluatorFor(type), objects, nowMs)) used.set(name, quantity);
  const masked: Amounts = maskAmounts(used, hard.keys());
  const isKnown = status?.hard !== undefined && status.used !== undefined && sameAmounts(parseAmounts(status.hard), hard) && sameAmounts(before, masked);
  return isKnown ? undefined : { hard: formatAmounts(hard), used: formatAmounts(masked) };
}
