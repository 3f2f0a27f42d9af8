import type { PodInfo } from '../state/pod-info';

/** When the kubelet took the pod, in milliseconds; one that it has not taken started last. */
export function startTime({ pod }: PodInfo): number {
  const started = pod.status?.startTime;
  return started === undefined ? Infinity : Date.parse(started);
}

/** The more important first: by priority, then by age (upstream's MoreImportantPod). */
export function byImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [left, right] = [startTime(a), startTime(b)];
  return left === right ? 0 : left - right;
}
