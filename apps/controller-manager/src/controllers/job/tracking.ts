import type { batchv1, corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { isPodActive, isPodReady, isPodTerminating } from '@navarch/reconcile';
import { isTrue, newCondition, setCondition } from './conditions';
import type { JobFacts, Verdict } from './facts';
import { IndexSet } from './index-set';
import { indexOf, isFailed, isIndexed, isTracked } from './job-pod';
import { judgeFailure, type PolicyVerdict } from './pod-failure-policy';

/** Most ends that are noted in one go: the status must stay small, and other Jobs get their turn (upstream's MaxUncountedPods). */
const MAX_UNCOUNTED = 500;

type Status = batchv1.JobStatus;

export interface TrackedPods {
  readonly status: Status;
  /** Their ends are noted in that status: when it is written they may go. */
  readonly release: readonly corev1.Pod[];
  /** What rules of the failure policy say of those that have failed, one entry a pod. */
  readonly judgements: readonly PolicyVerdict['action'][];
}

/** What goes on: how many pods there are, since when, and whether it is suspended. */
export function withActivity(job: batchv1.Job, pods: readonly corev1.Pod[], nowMs: number, isManaged: boolean): Status {
  const active = pods.filter(isPodActive);
  const isSuspended = job.spec?.suspend === true;
  const status: Status = {
    ...omitActive(job.status ?? {}),
    ...(active.length === 0 ? {} : { active: active.length }),
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    uncountedTerminatedPods: job.status?.uncountedTerminatedPods ?? {},
  };
  if (status.startTime === undefined && !isSuspended) status.startTime = formatTime(nowMs);
  if (!isManaged) return status;
  const wasSuspended = isTrue(job.status, 'Suspended');
  if (isSuspended && !wasSuspended) {
    status.conditions = [...setCondition(status.conditions ?? [], newCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', nowMs))];
    // It starts anew when it goes on (upstream's MutableSchedulingDirectivesForSuspendedJobs).
    delete status.startTime;
  }
  if (!isSuspended && wasSuspended) {
    status.conditions = [...setCondition(status.conditions ?? [], newCondition('Suspended', 'False', 'JobResumed', 'Job resumed', nowMs))];
    status.startTime = formatTime(nowMs);
  }
  return status;
}

/** Notes the ends that are not yet noted, and how the Job will end, before any pod is let go. */
export function noteEnds(facts: JobFacts, verdict: Verdict | undefined, before: Status): TrackedPods {
  const { job, pods, nowMs } = facts;
  const succeeded = [...(before.uncountedTerminatedPods?.succeeded ?? [])];
  const failed = [...(before.uncountedTerminatedPods?.failed ?? [])];
  const release: corev1.Pod[] = [];
  const judgements: PolicyVerdict['action'][] = [];
  // A pod of no index, or of one beyond the last, is not a failure of an Indexed Job, as upstream.
  const isOfJob = (pod: corev1.Pod): boolean => !isIndexed(job) || indexOf(job, pod) !== undefined;
  const kept = new Set(verdict === undefined && job.metadata.deletionTimestamp === undefined ? facts.lastFailed.values() : []);
  const known = IndexSet.parse(before.completedIndexes, job.spec?.completions ?? 0);
  let newIndexes = 0;
  for (const pod of pods.filter(isTracked)) {
    if (newIndexes + succeeded.length + failed.length >= MAX_UNCOUNTED) break;
    const { uid = '' } = pod.metadata;
    const hasSucceeded = pod.status?.phase === 'Succeeded' && !failed.includes(uid);
    // What is removed because the Job succeeded has not failed.
    const hasFailed = verdict?.type === 'SuccessCriteriaMet' ? pod.status?.phase === 'Failed' : isFailed(job, pod);
    if (kept.has(pod) || !(hasSucceeded || hasFailed || verdict !== undefined || job.metadata.deletionTimestamp !== undefined)) continue;
    release.push(pod);
    if (hasSucceeded) {
      // Of an Indexed Job the list of indexes itself shows what is counted.
      if (isIndexed(job)) newIndexes += known.has(indexOf(job, pod) ?? -1) ? 0 : 1;
      else if (!succeeded.includes(uid)) succeeded.push(uid);
    } else if ((hasFailed || verdict?.type === 'FailureTarget') && !failed.includes(uid) && isOfJob(pod)) {
      const { action } = judgeFailure(job.spec?.podFailurePolicy, pod);
      if (action !== 'none') judgements.push(action);
      if (action !== 'Ignore') failed.push(uid);
    }
  }
  const indexes = {
    ...(isIndexed(job) ? { succeeded: facts.succeededIndexes.size, completedIndexes: facts.succeededIndexes.toString() } : {}),
    ...(job.spec?.backoffLimitPerIndex === undefined ? {} : { failedIndexes: facts.failedIndexes.toString() }),
  };
  const conditions = verdict === undefined ? before.conditions : [...setCondition(before.conditions ?? [], newCondition(verdict.type, 'True', verdict.reason, verdict.message, nowMs))];
  const uncountedTerminatedPods = { ...(succeeded.length === 0 ? {} : { succeeded }), ...(failed.length === 0 ? {} : { failed }) };
  const status = { ...before, ...indexes, uncountedTerminatedPods, ...(conditions === undefined ? {} : { conditions }) };
  // Indexes that are none any more are not completed either: they run again should there be as many again.
  if (status.completedIndexes === '') delete status.completedIndexes;
  return { status, release, judgements };
}

/** Counts those noted whose pods have been let go: they can not be met again. */
export function countReleased(status: Status, pods: readonly corev1.Pod[]): Status {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const held = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const [succeededLeft, failedLeft] = [succeeded.filter((uid) => held.has(uid)), failed.filter((uid) => held.has(uid))];
  return {
    ...status,
    ...(succeededLeft.length === succeeded.length ? {} : { succeeded: (status.succeeded ?? 0) + succeeded.length - succeededLeft.length }),
    ...(failedLeft.length === failed.length ? {} : { failed: (status.failed ?? 0) + failed.length - failedLeft.length }),
    uncountedTerminatedPods: { ...(succeededLeft.length === 0 ? {} : { succeeded: succeededLeft }), ...(failedLeft.length === 0 ? {} : { failed: failedLeft }) },
  };
}

function omitActive(status: Status): Status {
  const rest = { ...status };
  delete rest.active;
  return rest;
}

/** The final status, as soon as every end is counted and no pod is left that could still do something. */
export function finish(status: Status, verdict: Verdict | undefined, pods: readonly corev1.Pod[], nowMs: number): Status | undefined {
  if (verdict === undefined) return undefined;
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  // Those that are still held were too many to be noted in this go.
  if (succeeded.length + failed.length > 0 || pods.some((pod) => isPodActive(pod) || isPodTerminating(pod) || isTracked(pod))) return undefined;
  const type = verdict.type === 'FailureTarget' ? 'Failed' : 'Complete';
  const conditions = [...setCondition(status.conditions ?? [], newCondition(type, 'True', verdict.reason, verdict.message, nowMs))];
  // Counted before the last of them ended.
  const rest = omitActive(status);
  return { ...rest, ready: 0, terminating: 0, conditions, ...(type === 'Complete' ? { completionTime: formatTime(nowMs) } : {}) };
}
