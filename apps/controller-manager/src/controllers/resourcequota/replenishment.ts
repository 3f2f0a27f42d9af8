import { type corev1, isPodCharged, type KubeObject, quotaEvaluatorFor, sameAmounts } from '@navarch/api';
import type { AnyResource } from '../../resource-types';

/**
 * Whether an update may have freed something, so that a quota must count again at once. What needs more was charged
 * when it was admitted.
 */
export function mayReplenish(type: AnyResource, before: KubeObject, after: KubeObject, nowMs: number): boolean {
  const evaluator = quotaEvaluatorFor(type);
  if (!evaluator.chargesUpdates) return false;
  if (evaluator.changesScope(before, after)) return true;
  if (type.resource === 'pods' && !mayCostLess(before, after)) return isPodCharged(before, nowMs) && !isPodCharged(after, nowMs);
  return !sameAmounts(evaluator.usage(before, nowMs), evaluator.usage(after, nowMs));
}

/** Pods change often, and seldom in what they ask for. */
function mayCostLess(before: corev1.Pod, after: corev1.Pod): boolean {
  const allocated = ({ status }: corev1.Pod): string => JSON.stringify(status?.containerStatuses?.map(({ resources, allocatedResources }) => [resources, allocatedResources]));
  return before.metadata.generation !== after.metadata.generation || allocated(before) !== allocated(after);
}
