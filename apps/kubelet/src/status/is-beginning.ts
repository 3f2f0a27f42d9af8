import type { corev1 } from '@navarch/api';

const beginnings = new Set(['ContainerCreating', 'PodInitializing']);

/** Whether a status says no more than that a node has begun with the pod: no sandbox yet, no container, and nothing in the way of them. */
export function isBeginning({ phase, podIP, reason, containerStatuses = [], initContainerStatuses = [] }: corev1.PodStatus): boolean {
  if (phase !== 'Pending' || podIP !== undefined || reason !== undefined) return false;
  return [...containerStatuses, ...initContainerStatuses].every(({ state, restartCount }) => restartCount === 0 && beginnings.has(state?.waiting?.reason ?? ''));
}
