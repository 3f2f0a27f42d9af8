import type { corev1 } from '@navarch/api';
import { isPodActive, isPodTerminating, rankActivePods } from '@navarch/reconcile';
import type { JobFacts } from './facts';
import { indexOf, isIndexed, replacesOnlyFailed } from './job-pod';
import { untilIndexRetryMs, untilRetryMs, type FailureRecord } from './job-back-off';

/** Most pods made or removed in one go, as upstream's MaxPodCreateDeletePerSync. */
const BURST = 500;

export interface PodsPlan {
  /** One for each; undefined where pods have no index. */
  readonly create: readonly (number | undefined)[];
  readonly remove: readonly corev1.Pod[];
  /** Whether the ends of the removed pods count: not those that were only too many. */
  readonly countRemoved: boolean;
  readonly againAfterMs?: number;
}

const nothing: PodsPlan = { create: [], remove: [], countRemoved: false };

/** Which pods to make or to remove. Never both at once: what is made must not depend on what is about to go. */
export function planPods(facts: JobFacts, failures: FailureRecord): PodsPlan {
  const { job, active, nowMs } = facts;
  if (facts.verdict !== undefined) return { ...nothing, remove: active, countRemoved: true };
  if (job.metadata.deletionTimestamp !== undefined) return nothing;
  if (job.spec?.suspend === true) return { ...nothing, remove: active.slice(0, BURST) };
  const wanted = wantedActive(facts);
  const remove = surplus(facts, Math.max(0, active.length - wanted)).slice(0, BURST);
  if (remove.length > 0) return { ...nothing, remove };
  const leaving = replacesOnlyFailed(job) ? facts.pods.filter(isPodTerminating).length : 0;
  const missing = Math.min(BURST, wanted - leaving - active.length);
  if (missing <= 0) return nothing;
  if (!isIndexed(job)) {
    const waitMs = untilRetryMs(failures, nowMs);
    return waitMs > 0 ? { ...nothing, againAfterMs: waitMs } : { ...nothing, create: Array<undefined>(missing).fill(undefined) };
  }
  return planIndexes(facts, missing, failures);
}

/** Never more than are still to be completed; without completions none more once one has succeeded. */
function wantedActive({ job, active, succeeded }: JobFacts): number {
  const { completions, parallelism = 1 } = job.spec ?? {};
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

function surplus(facts: JobFacts, atLeast: number): corev1.Pod[] {
  const { job, active } = facts;
  const ranked = rankActivePods(active);
  if (!isIndexed(job)) return ranked.slice(0, atLeast);
  // Of an index only one, and none of an index that is not wanted.
  const kept = new Map<number, corev1.Pod>();
  for (const pod of ranked) {
    const index = indexOf(job, pod);
    if (index !== undefined) kept.set(index, pod);
  }
  const doubled = ranked.filter((pod) => kept.get(indexOf(job, pod) ?? -1) !== pod);
  const rest = ranked.filter((pod) => kept.get(indexOf(job, pod) ?? -1) === pod);
  return [...doubled, ...rest.slice(0, Math.max(0, atLeast - doubled.length))];
}

function planIndexes(facts: JobFacts, missing: number, failures: FailureRecord): PodsPlan {
  const { job, pods, lastFailed, nowMs } = facts;
  const busy = new Set(pods.filter((pod) => isPodActive(pod) || (replacesOnlyFailed(job) && isPodTerminating(pod))).map((pod) => indexOf(job, pod)));
  const pending: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && pending.length < missing; index++) {
    if (!busy.has(index) && !facts.succeededIndexes.has(index) && !facts.failedIndexes.has(index)) pending.push(index);
  }
  if (job.spec?.backoffLimitPerIndex === undefined) {
    const waitMs = untilRetryMs(failures, nowMs);
    return waitMs > 0 ? { ...nothing, againAfterMs: waitMs } : { ...nothing, create: pending };
  }
  const waits = pending.map((index) => {
    const last = lastFailed.get(index);
    return last === undefined ? 0 : untilIndexRetryMs(job, last, nowMs);
  });
  const waiting = waits.filter((ms) => ms > 0);
  return { ...nothing, create: pending.filter((_, at) => waits[at] === 0), ...(waiting.length === 0 ? {} : { againAfterMs: Math.min(...waiting) }) };
}
