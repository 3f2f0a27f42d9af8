import type { batchv1, corev1 } from '@navarch/api';
import { podCondition } from '@navarch/reconcile';
import { failureCountsAfter } from './index-failures';

const INITIAL_MS = 10_000;
const MAX_MS = 600_000;

/** Failures of a Job's pods since one of them last succeeded. */
export interface FailureRecord {
  readonly failures: number;
  readonly lastMs: number;
}

export const noFailures: FailureRecord = { failures: 0, lastMs: 0 };

/** When a pod ended, as well as can be told. */
function endedAtMs({ metadata, status, spec }: corev1.Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt);
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...ends.map((end) => Date.parse(end)));
  if (metadata.deletionTimestamp !== undefined) return Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 0) * 1000;
  const since = podCondition({ metadata, ...(status === undefined ? {} : { status }) }, 'Ready')?.lastTransitionTime ?? status?.startTime ?? metadata.creationTimestamp;
  return since === undefined ? 0 : Date.parse(since);
}

/** The record after more pods have ended. */
export function recordAfter(before: FailureRecord, succeeded: readonly corev1.Pod[], failed: readonly corev1.Pod[]): FailureRecord {
  const lastSuccessMs = succeeded.length === 0 ? undefined : Math.max(...succeeded.map(endedAtMs));
  const failures = failed.map(endedAtMs).filter((ms) => lastSuccessMs === undefined || ms > lastSuccessMs);
  const base = lastSuccessMs === undefined ? before : noFailures;
  return failures.length === 0 ? base : { failures: base.failures + failures.length, lastMs: Math.max(base.lastMs, ...failures) };
}

/** Milliseconds before the next pod may be made: 10 s after the first failure, twice that after each more. */
export function untilRetryMs({ failures, lastMs }: FailureRecord, nowMs: number): number {
  if (failures === 0) return 0;
  const delayMs = Math.min(MAX_MS, INITIAL_MS * 2 ** Math.min(failures - 1, 30));
  // A clock that was set back holds nobody up for longer than the delay.
  return Math.min(delayMs, Math.max(0, lastMs + delayMs - nowMs));
}

/** The same for one index, whose pods carry the count. */
export function untilIndexRetryMs(job: batchv1.Job, lastFailed: corev1.Pod, nowMs: number): number {
  const { counted, ignored } = failureCountsAfter(job, lastFailed);
  return untilRetryMs({ failures: counted + ignored, lastMs: endedAtMs(lastFailed) }, nowMs);
}
