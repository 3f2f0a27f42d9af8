import type { batchv1, corev1 } from '@navarch/api';
import { judgeFailure } from './pod-failure-policy';

/** How often the index failed before this pod: a pod of it carries the count on. */
export const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';
export const INDEX_IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count';

function countIn({ metadata }: corev1.Pod, name: string): number {
  const text = metadata.annotations?.[name];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;
}

const failuresBefore = (pod: corev1.Pod): number => countIn(pod, INDEX_FAILURES);
/** With those that do not count. */
export const allFailuresBefore = (pod: corev1.Pod): number => failuresBefore(pod) + countIn(pod, INDEX_IGNORED_FAILURES);

/** The counts for the next pod of an index, after this one of it failed. */
export function failureCountsAfter({ spec }: batchv1.Job, failed: corev1.Pod | undefined): { counted: number; ignored: number } {
  if (failed === undefined) return { counted: 0, ignored: 0 };
  const isIgnored = judgeFailure(spec?.podFailurePolicy, failed).action === 'Ignore';
  const [counted, ignored] = [countIn(failed, INDEX_FAILURES), countIn(failed, INDEX_IGNORED_FAILURES)];
  return isIgnored ? { counted, ignored: ignored + 1 } : { counted: counted + 1, ignored };
}

/** Failed for good: by a rule of the policy, or too often. The pod must have failed. */
export function failsIndex({ spec }: batchv1.Job, failed: corev1.Pod): boolean {
  const { action } = judgeFailure(spec?.podFailurePolicy, failed);
  if (action === 'FailIndex') return true;
  return action !== 'Ignore' && failuresBefore(failed) >= (spec?.backoffLimitPerIndex ?? Infinity);
}
