import {
  addAmounts,
  type Amounts,
  type corev1,
  countedNames,
  describeAmounts,
  type DeviceObjects,
  formatAmounts,
  inScope,
  type KubeObject,
  maskAmounts,
  namesAbove,
  parseAmounts,
  quotaEvaluatorFor,
  scopesOf,
  subtractAmounts,
} from '@navarch/api';
import type { GroupResource } from '@navarch/apimachinery';
import { describeScopes, type LimitedResource, namesToCover, scopesToCover } from './limited-resources';

/** A write that may use more of its namespace's quotas. */
export interface Charge {
  readonly of: GroupResource;
  readonly object: KubeObject;
  /** Before an update: only what comes on top is charged. */
  readonly old: KubeObject | undefined;
  /** It tells of what is so already: that is booked, even above the limits. */
  readonly isReport?: boolean;
  /** For what claims of devices cost. */
  readonly devices?: DeviceObjects;
}

/** What a charge makes of quotas: those it changes, or why not. */
export type ChargeResult =
  | { readonly changed: readonly corev1.ResourceQuota[] }
  | { readonly refused: string }
  /** Refused too, but upstream makes no 403 of this one. */
  | { readonly uncovered: string };

const onTop = (now: Amounts, before: Amounts): Amounts => new Map([...subtractAmounts(now, before)].filter(([, { nanos }]) => nanos > 0n));

/** Charges a write to all quotas that it concerns, or to none. The quotas given stay as they are. Mirrors CheckRequest of upstream's plug-in. */
export function chargeQuotas(quotas: readonly corev1.ResourceQuota[], charge: Charge, nowMs: number, limited: readonly LimitedResource[] = []): ChargeResult {
  const { of, object, old, isReport = false, devices } = charge;
  const evaluator = quotaEvaluatorFor(of, devices);
  const concerned: corev1.ResourceQuota[] = [];
  const covered = new Set<string>();
  for (const quota of quotas) {
    const { metadata: { name = '' }, status } = quota;
    const names = countedNames(parseAmounts(status?.hard), evaluator).sort();
    if (names.length === 0 || !inScope(quota, evaluator, object)) continue;
    const missing = evaluator.missing?.(names, object);
    if (missing !== undefined) return { refused: `failed quota: ${name}: ${missing}` };
    if (names.some((resource) => status?.used?.[resource] === undefined)) return { refused: `status unknown for quota: ${name}, resources: ${names.join(',')}` };
    concerned.push(quota);
    for (const resource of names) covered.add(resource);
  }
  if (concerned.length === 0 && limited.length === 0) return { changed: [] };
  const usage = evaluator.usage(object, nowMs);
  const negative = [...usage].filter(([, { nanos }]) => nanos < 0n).map(([resource]) => resource).sort();
  if (negative.length > 0) return { refused: `quota usage is negative for resource(s): ${negative.join(',')}` };
  const more = old === undefined ? usage : onTop(usage, evaluator.usage(old, nowMs));
  // A quota that what was before did not count for gets all of it.
  const costOf = (quota: corev1.ResourceQuota): Amounts => (old === undefined || inScope(quota, evaluator, old) ? more : usage);
  const costs = concerned.map((quota) => [quota, new Map([...costOf(quota)].filter(([, { nanos }]) => nanos > 0n))] as const).filter(([, cost]) => cost.size > 0);
  if (costs.length === 0 && (concerned.length > 0 || more.size === 0)) return { changed: [] };
  const uncovered = namesToCover(limited, of, usage).filter((name) => !covered.has(name)).sort();
  if (uncovered.length > 0) return { refused: `insufficient quota to consume: ${uncovered.join(',')}` };
  const scopes = scopesToCover(limited, evaluator, object);
  const known = new Set(scopes.length === 0 ? [] : quotas.flatMap(({ spec }) => scopesOf(spec ?? {})).filter((scope) => evaluator.matchesScope(scope, object)).map(({ scopeName }) => scopeName));
  const open = scopes.filter(({ scopeName }) => !known.has(scopeName));
  if (open.length > 0) return { uncovered: `insufficient quota to match these scopes: ${describeScopes(open)}` };
  return book(costs, isReport);
}

function book(costs: readonly (readonly [corev1.ResourceQuota, Amounts])[], isReport: boolean): ChargeResult {
  const changed: corev1.ResourceQuota[] = [];
  for (const [quota, cost] of costs) {
    const [hard, used] = [parseAmounts(quota.status?.hard), parseAmounts(quota.status?.used)];
    const requested = maskAmounts(cost, hard.keys());
    if (requested.size === 0) continue;
    const total = addAmounts(used, requested);
    const exceeded = isReport ? [] : namesAbove(maskAmounts(total, requested.keys()), hard);
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
  const { of, object, old, devices } = charge;
  const evaluator = quotaEvaluatorFor(of, devices);
  const usage = evaluator.usage(object, nowMs);
  const taken = old !== undefined && inScope(quota, evaluator, old) ? onTop(usage, evaluator.usage(old, nowMs)) : usage;
  const used = parseAmounts(quota.status?.used);
  const left = subtractAmounts(used, maskAmounts(taken, used.keys()));
  const amounts = new Map([...left].map(([name, quantity]) => [name, quantity.nanos < 0n ? { ...quantity, nanos: 0n } : quantity]));
  return { ...quota, status: { ...quota.status, used: formatAmounts(amounts) } };
}
