import type { corev1, KubeObject } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';
import { addAmounts, type Amounts, describeAmounts, exceededOf, maskAmounts, readAmounts, surplusOf, withoutZeros, writeAmounts } from './amounts';
import { type Countable, evaluatorFor } from './evaluator';
import { inScope } from './scopes';

/** A write that may use more of its namespace's quotas. */
export interface Charge {
  readonly of: Countable;
  readonly object: KubeObject;
  /** Before an update: only what comes on top is charged. */
  readonly old: KubeObject | undefined;
}

/** What a charge makes of quotas: those it changes, or why not. */
export type ChargeResult = { readonly changed: readonly corev1.ResourceQuota[] } | { readonly refused: string };

function usageOf({ of, object, old }: Charge, nowMs: number): Amounts {
  const evaluator = evaluatorFor(of);
  const usage = evaluator.usage(object, nowMs);
  return withoutZeros(old === undefined ? usage : surplusOf(usage, evaluator.usage(old, nowMs)));
}

/** Charges a write to all quotas that it concerns, or to none. Pure: the quotas given stay as they are. */
export function chargeQuotas(quotas: readonly corev1.ResourceQuota[], charge: Charge, nowMs: number): ChargeResult {
  const { of, object } = charge;
  const evaluator = evaluatorFor(of);
  const concerned: corev1.ResourceQuota[] = [];
  for (const quota of quotas) {
    const { metadata: { name = '' }, status } = quota;
    const limited = Object.keys(status?.hard ?? {}).filter((resource) => evaluator.concerns(resource)).sort(compareStrings);
    if (limited.length === 0 || !inScope(quota, of, object)) continue;
    const missing = evaluator.unstated(object, limited);
    if (missing !== '') return { refused: `failed quota: ${name}: must specify ${missing}` };
    if (limited.some((resource) => status?.used?.[resource] === undefined)) return { refused: `status unknown for quota: ${name}, resources: ${limited.join(',')}` };
    concerned.push(quota);
  }
  if (concerned.length === 0) return { changed: [] };
  const usage = usageOf(charge, nowMs);
  const negative = [...usage].filter(([, { nanos }]) => nanos < 0n).map(([resource]) => resource).sort(compareStrings);
  if (negative.length > 0) return { refused: `quota usage is negative for resource(s): ${negative.join(',')}` };
  const changed: corev1.ResourceQuota[] = [];
  for (const quota of concerned) {
    const hard = readAmounts(quota.status?.hard);
    const used = readAmounts(quota.status?.used);
    const requested = maskAmounts(usage, hard.keys());
    if (requested.size === 0) continue;
    const total = addAmounts(used, requested);
    const exceeded = exceededOf(maskAmounts(total, requested.keys()), hard);
    if (exceeded.length > 0) {
      const [asked, before, limit] = [requested, used, hard].map((amounts) => describeAmounts(maskAmounts(amounts, exceeded)));
      return { refused: `exceeded quota: ${quota.metadata.name ?? ''}, requested: ${asked ?? ''}, used: ${before ?? ''}, limited: ${limit ?? ''}` };
    }
    changed.push({ ...quota, status: { ...quota.status, used: writeAmounts(total) } });
  }
  return { changed };
}

/** Gives back what a charge took, after its write has failed. */
export function refundQuota(quota: corev1.ResourceQuota, charge: Charge, nowMs: number): corev1.ResourceQuota {
  const used = readAmounts(quota.status?.used);
  const back = maskAmounts(usageOf(charge, nowMs), used.keys());
  return { ...quota, status: { ...quota.status, used: writeAmounts(new Map([...used, ...surplusOf(maskAmounts(used, back.keys()), back)])) } };
}
