import type { corev1 } from '@navarch/api';
import { tolerationCovers } from '@navarch/scheduling';

/**
 * When a pod must leave its node for the node's taints; undefined: it may stay. `noticedMs` is when it was first seen to have to: a
 * taint of kubectl's does not say since when it is there.
 */
export function evictionTime(pod: corev1.Pod, node: corev1.Node, noticedMs: number): number | undefined {
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  if (taints.length === 0 || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const tolerations = pod.spec?.tolerations ?? [];
  const limits: number[] = [];
  for (const taint of taints) {
    // Of several the first counts, as upstream's GetMatchingTolerations, from when the taint was set.
    const covering = tolerations.find((toleration) => tolerationCovers(toleration, taint));
    if (covering === undefined) return noticedMs;
    const { tolerationSeconds } = covering;
    const since = taint.timeAdded === undefined ? noticedMs : Date.parse(taint.timeAdded);
    if (tolerationSeconds !== undefined) limits.push(since + Math.max(0, tolerationSeconds) * 1000);
  }
  return limits.length === 0 ? undefined : Math.min(...limits);
}
