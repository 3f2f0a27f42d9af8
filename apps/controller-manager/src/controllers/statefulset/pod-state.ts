import type { corev1 } from '@navarch/api';
import { isPodAvailable, isPodReady } from '@navarch/reconcile';

/** Reasons of containers that do not come up by waiting. */
const STUCK = new Set(['CrashLoopBackOff', 'ImagePullBackOff', 'ErrImagePull', 'ErrImageNeverPull', 'InvalidImageName', 'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

export const isTerminating = ({ metadata }: corev1.Pod): boolean => metadata.deletionTimestamp !== undefined;
export const isOver = ({ status }: corev1.Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';
export const isRunningAndReady = (pod: corev1.Pod): boolean => pod.status?.phase === 'Running' && isPodReady(pod);
export const isRunningAndAvailable = (pod: corev1.Pod, minReadySeconds: number, nowMs: number): boolean => pod.status?.phase === 'Running' && isPodAvailable(pod, minReadySeconds, nowMs);

/** Missing, going, not ready or not ready for long enough. */
export function isUnavailable(pod: corev1.Pod | undefined, minReadySeconds: number, nowMs: number): boolean {
  return pod === undefined || isTerminating(pod) || !isRunningAndAvailable(pod, minReadySeconds, nowMs);
}

/** Not ready, and it will hardly become so: it cannot be placed, or its containers fail again and again. */
export function isStuck(pod: corev1.Pod): boolean {
  if (isTerminating(pod) || isRunningAndReady(pod)) return false;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  if (statuses.some(({ state }) => STUCK.has(state?.waiting?.reason ?? ''))) return true;
  return pod.status?.conditions?.some(({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable') === true;
}
