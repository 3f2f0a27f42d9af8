import {
  addAmounts, type Amounts, type corev1, countedNames, describeAmounts, formatAmounts, inScope, type KubeObject, maskAmounts, namesAbove, parseAmounts, quotaEvaluatorFor, subtractAmounts,
} from '@navarch/api';
import type { GroupResource } from '@navarch/apimachinery';

/** A write that may use more of its namespace's quotas. */
export interface Charge {
  readonly of: GroupResource;
  readonly object: KubeObject;
  /** Before an update: only what comes on top is charged. */
  readonly old: KubeObject | undefined;
}

/** What a charge makes of quotas: those it changes, or why not. */
export type ChargeResult = { readonly changed: readonly corev1.ResourceQuota[] } | { readonly refused: string };

function costOf({ of, object, old }: Charge, nowMs: number): Amounts {
  const evaluator = quotaEvaluatorFor(of);
  const cost = evaluator.usage(object, nowMs);
  if (old === undefined) return cost;
  return new Map([...subtractAmounts(cost, evaluator.usage(old, nowMs))].filter(([, { nanos }]) => nanos > 0n));
}

/** Charges a write to all quotas that it concerns, or to none. The quotas given stay as they are. */
export function chargeQuotas(quotas: readonly corev1.ResourceQuota[], charge: Charge, nowMs: number): ChargeResult {
  const evaluator = quotaEvaluatorFor(charge.of);
  const concerned: corev1.ResourceQuota[] = [];
  for (const quota of quotas) {
    const { metadata: { name = '' }, status } = quota;
    const limited = countedNames(parseAmounts(status?.hard), evaluator).sort();
    if (limited.length === 0 || !inScope(quota, evaluator, charge.object)) continue;
    const missing = evaluator.missing?.(limited, charge.object);
    if (missing !== undefined) return { refused: `failed quota: ${name}: ${missing}` };
    if (limited.some((resource) => status?.used?.[resource] === undefined)) return { refused: `status unknown for quota: ${name}, resources: ${limited.join(',')}` };
    concerned.push(quota);
  }
  if (concerned.length === 0) return { changed: [] };
  const cost = costOf(charge, nowMs);
  const negative = [...cost].filter(([, { nanos }]) => nanos < 0n).map(([resource]) => resource).sort();
  if (negative.length > 0) return { refused: `quota usage is negative for resource(s): ${negative.join(',')}` };
  const positive = new Map([...cost].filter(([, { nanos }]) => nanos > 0n));
  const changed: corev1.ResourceQuota[] = [];
  for (const quota of concerned) {
    const [hard, used] = [parseAmounts(quota.status?.hard), parseAmounts(quota.status?.used)];
    const requested = maskAmounts(positive, hard.keys());
    if (requested.size === 0) continue;
    const total = addAmounts(used, requested);
    const exceeded = namesAbove(maskAmounts(total, requested.keys()), hard);
    if (exceeded.length > 0) {
      const [asked = '', before = '', limit = ''] = [requested, used, hard].map((amounts) => describeAmounts(maskAmounts(amounts, exceeded)));
      return { refused: `exceeded quota: ${quota.metadata.name ?? ''}, requested: ${asked}, used: ${before}, limited: ${limit}` };
    }
    changed.push({ ...quota, status: { ...quota.status, used: formatAmounts(total) } });
  }
  return { changed };
}

/** Gives back what a charge took, after its write has failed; never more than there is. */
export function refundQuota(quota: corev1.ResourceQuota, charge: Charge, nowMs: number): corev1.ResourceQuota {
  const used = parseAmounts(quota.status?.used);
  const left = subtractAmounts(used, maskAmounts(costOf(charge, nowMs), used.keys()));
  const amounts = new Map([...left].map(([name, quantity]) => [name, quantity.nanos < 0n ? { ...quantity, nanos: 0n } : quantity]));
  return { ...quota, status: { ...quota.status, used: formatAmounts(amounts) } };
}
