import type { corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';

/** The pod's conditions with the one that says why it is being removed; Jobs tell such an end from a failure of the pod. */
export function withDisruptionTarget({ metadata: { generation }, status }: corev1.Pod, reason: string, message: string, nowMs: number): corev1.PodCondition[] {
  const others = (status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
  return [...others, { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: formatTime(nowMs), ...(generation === undefined ? {} : { observedGeneration: generation }) }];
}
