import type { corev1 } from '@navarch/api';

export function podCondition(pod: corev1.Pod, type: string): corev1.PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: corev1.Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: corev1.Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return false;
  if (minReadySeconds === 0) return true;
  return ready.lastTransitionTime !== undefined && Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 <= nowMs;
}

/** Milliseconds until a ready pod is available, or undefined when time alone will not make it so. */
export function untilAvailableMs(pod: corev1.Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = podCondition(pod, 'Ready');
  if (minReadySeconds === 0 || ready?.status !== 'True' || ready.lastTransitionTime === undefined) return undefined;
  const left = Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - nowMs;
  return left > 0 ? left : undefined;
}

/** Over, whatever its outcome: it will never run again. */
export function isPodTerminal({ status }: corev1.Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Counts towards the replicas of its owner. */
export function isPodActive(pod: corev1.Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** On its way out, but not yet over. */
export function isPodTerminating(pod: corev1.Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;
}
