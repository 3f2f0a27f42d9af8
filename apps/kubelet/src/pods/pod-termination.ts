import { type corev1 } from '@navarch/api';
import { type Termination } from './pod-observation';

/** Seconds a pod has to end, as its deletion or else its spec says. */
export function graceSecondsOf(pod: corev1.Pod): number {
  const asked = pod.metadata.deletionTimestamp === undefined ? undefined : pod.metadata.deletionGracePeriodSeconds;
  return Math.max(1, asked ?? pod.spec?.terminationGracePeriodSeconds ?? 30);
}

/**
 * The termination of a pod after its object has been seen: a deletion begins one, a second deletion with a shorter
 * grace replaces it, and an active deadline that has passed begins one too.
 */
export function nextTermination(pod: corev1.Pod, current: Termination | undefined, startTime: string | undefined, nowMs: number): Termination | undefined {
  if (current?.cause === 'removed') return current;
  if (pod.metadata.deletionTimestamp !== undefined) {
    const graceSeconds = graceSecondsOf(pod);
    if (current && (current.cause !== 'deleted' || graceSeconds >= current.graceSeconds)) {
      return { ...current, cause: current.cause === 'failed' ? 'failed' : 'deleted', graceSeconds: Math.min(graceSeconds, current.graceSeconds) };
    }
    return { cause: 'deleted', graceSeconds, startedAtMs: nowMs };
  }
  if (current) return current;
  const deadline = deadlineMs(pod, startTime);
  if (deadline !== undefined && deadline <= nowMs) {
    return {
      cause: 'failed', graceSeconds: graceSecondsOf(pod), startedAtMs: nowMs,
      reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline',
    };
  }
  return undefined;
}

/** When a pod's activeDeadlineSeconds are over. */
export function deadlineMs(pod: corev1.Pod, startTime: string | undefined): number | undefined {
  const seconds = pod.spec?.activeDeadlineSeconds;
  return seconds === undefined || startTime === undefined ? undefined : Date.parse(startTime) + seconds * 1000;
}
