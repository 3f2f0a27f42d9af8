import type { corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';

/** Which specification of a pod whoever changes its status has seen; upstream's PodObservedGenerationTracking. */
export function observedIn({ metadata: { generation } }: corev1.Pod): { observedGeneration?: number } {
  return generation === undefined ? {} : { observedGeneration: generation };
}

/** The pod's conditions with the one that says why it is being removed; Jobs tell such an end from a failure of the pod. */
export function withDisruptionTarget(pod: corev1.Pod, reason: string, message: string, nowMs: number): corev1.PodCondition[] {
  const before = pod.status?.conditions ?? [];
  const known = before.find(({ type }) => type === 'DisruptionTarget');
  const since = known?.status === 'True' ? known.lastTransitionTime : undefined;
  const next: corev1.PodCondition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: since ?? formatTime(nowMs), ...observedIn(pod) };
  return known === undefined ? [...before, next] : before.map((condition) => (condition === known ? next : condition));
}
