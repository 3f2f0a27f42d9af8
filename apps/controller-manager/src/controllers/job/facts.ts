import type { batchv1, corev1 } from '@navarch/api';
import { isPodActive } from '@navarch/reconcile';
import { conditionOf, isTrue } from './conditions';
import { allFailuresBefore, failsIndex } from './index-failures';
import { IndexSet } from './index-set';
import { endedAtMs } from './job-back-off';
import { indexOf, isFailed, isIndexed, isTracked } from './job-pod';
import { judgeFailure } from './pod-failure-policy';

export interface ObservedJob {
  readonly job: batchv1.Job;
  /** Those it owns. */
  readonly pods: readonly corev1.Pod[];
  readonly nowMs: number;
}

/** How the Job ends, as soon as that is decided; its pods may still have to go. */
export interface Verdict {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
}

/** What follows from the pods, before anything is done. */
export interface JobFacts extends ObservedJob {
  readonly active: readonly corev1.Pod[];
  /** Ended and not yet counted in any way. */
  readonly newlySucceeded: readonly corev1.Pod[];
  readonly newlyFailed: readonly corev1.Pod[];
  readonly succeeded: number;
  readonly failed: number;
  readonly succeededIndexes: IndexSet;
  readonly failedIndexes: IndexSet;
  /** Of each index that failed and may be tried again its last pod: it is kept until its successor carries its count on. */
  readonly lastFailed: ReadonlyMap<number, corev1.Pod>;
  readonly verdict?: Verdict;
}

export function jobFacts(observed: ObservedJob): JobFacts {
  const { job, pods } = observed;
  const { status } = job;
  const uncounted = new Set([...(status?.uncountedTerminatedPods?.succeeded ?? []), ...(status?.uncountedTerminatedPods?.failed ?? [])]);
  const isNew = (pod: corev1.Pod): boolean => isTracked(pod) && !uncounted.has(pod.metadata.uid ?? '') && (!isIndexed(job) || indexOf(job, pod) !== undefined);
  const newlySucceeded = pods.filter((pod) => isNew(pod) && pod.status?.phase === 'Succeeded');
  const newlyFailed = pods.filter((pod) => isNew(pod) && isFailed(job, pod));
  const completions = job.spec?.completions ?? 0;
  const succeededIndexes = IndexSet.parse(status?.completedIndexes, completions).with(isIndexed(job) ? indexesOf(job, newlySucceeded) : []);
  const perIndex = job.spec?.backoffLimitPerIndex !== undefined;
  // Once the Job ends its pods are removed: that is no failure of their indexes.
  const mayFail = perIndex && verdictIn(status) === undefined;
  const failedIndexes = IndexSet.parse(status?.failedIndexes, completions).with(mayFail ? indexesOf(job, pods.filter((pod) => isTracked(pod) && isFailed(job, pod) && failsIndex(job, pod))) : []);
  const counted = newlyFailed.filter((pod) => judgeFailure(job.spec?.podFailurePolicy, pod).action !== 'Ignore');
  const facts: JobFacts = {
    ...observed,
    active: pods.filter(isPodActive),
    newlySucceeded,
    newlyFailed,
    succeeded: isIndexed(job) ? succeededIndexes.size : (status?.succeeded ?? 0) + newlySucceeded.length + (status?.uncountedTerminatedPods?.succeeded ?? []).length,
    failed: (status?.failed ?? 0) + counted.length + (status?.uncountedTerminatedPods?.failed ?? []).length,
    succeededIndexes,
    failedIndexes,
    lastFailed: perIndex ? lastFailedOf(job, pods, succeededIndexes, failedIndexes) : new Map(),
  };
  const verdict = verdictOf(facts);
  return verdict === undefined ? facts : { ...facts, verdict };
}

function indexesOf(job: batchv1.Job, pods: readonly corev1.Pod[]): number[] {
  return pods.map((pod) => indexOf(job, pod)).filter((index) => index !== undefined);
}

function lastFailedOf(job: batchv1.Job, pods: readonly corev1.Pod[], succeeded: IndexSet, failed: IndexSet): Map<number, corev1.Pod> {
  const last = new Map<number, corev1.Pod>();
  const active = new Set(indexesOf(job, pods.filter(isPodActive)));
  for (const pod of pods) {
    const index = indexOf(job, pod);
    if (index === undefined || !isTracked(pod) || !isFailed(job, pod) || active.has(index) || succeeded.has(index) || failed.has(index)) continue;
    const known = last.get(index);
    if (known === undefined || (allFailuresBefore(known) <= allFailuresBefore(pod) && endedAtMs(known) <= endedAtMs(pod))) last.set(index, pod);
  }
  return last;
}

function verdictIn(status: batchv1.JobStatus | undefined): Verdict | undefined {
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const { reason = '', message = '' } = conditionOf(status, type) ?? {};
    if (isTrue(status, type)) return { type, reason, message };
  }
  return undefined;
}

/** Whether the Job must end, other than by reaching its completions. */
function verdictOf(facts: JobFacts): Verdict | undefined {
  const { job, pods, failedIndexes, succeededIndexes } = facts;
  const { spec, status } = job;
  const noted = verdictIn(status);
  if (noted !== undefined) return noted;
  const fails = (reason: string, message: string): Verdict => ({ type: 'FailureTarget', reason, message });
  const byPolicy = pods.filter((pod) => isFailed(job, pod)).map((pod) => judgeFailure(spec?.podFailurePolicy, pod)).find(({ action }) => action === 'FailJob');
  if (byPolicy !== undefined) return fails('PodFailurePolicy', byPolicy.message);
  if (facts.failed > (spec?.backoffLimit ?? (spec?.backoffLimitPerIndex === undefined ? 6 : Infinity)) || restartedTooOften(job, pods)) return fails('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  if (untilDeadlineMs(facts) === 0) return fails('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (!isIndexed(job)) return undefined;
  if (spec?.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes) return fails('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  if (failedIndexes.size > 0 && failedIndexes.size + succeededIndexes.size >= (spec?.completions ?? 0)) return fails('FailedIndexes', 'Job has failed indexes');
  return bySuccessPolicy(job, succeededIndexes);
}

/** Milliseconds that the Job may still be active; undefined without a deadline, while it is suspended, or when it only waits for its pods to end. */
export function untilDeadlineMs({ job: { spec, status }, nowMs }: ObservedJob): number | undefined {
  if (spec?.activeDeadlineSeconds === undefined || status?.startTime === undefined || spec.suspend === true || verdictIn(status) !== undefined) return undefined;
  return Math.max(0, Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000 - nowMs);
}

/** Containers that are started again in their pod count as failures too. */
function restartedTooOften({ spec }: batchv1.Job, pods: readonly corev1.Pod[]): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const alive = pods.filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending');
  const restarts = alive.flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]).reduce((sum, { restartCount }) => sum + restartCount, 0);
  const limit = spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function bySuccessPolicy({ spec }: batchv1.Job, succeeded: IndexSet): Verdict | undefined {
  for (const [at, { succeededIndexes, succeededCount }] of (spec?.successPolicy?.rules ?? []).entries()) {
    const of = succeededIndexes === undefined ? undefined : IndexSet.parse(succeededIndexes, spec?.completions ?? 0);
    const matched = of === undefined ? succeeded.size : of.overlap(succeeded);
    if (matched >= (succeededCount ?? of?.size ?? Infinity)) return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: `Matched rules at index ${at}` };
  }
  return undefined;
}
