import type { corev1 } from '@navarch/api';
import { isPodReady, podCondition } from './pod-conditions';

const COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Orders pods so that those whose loss hurts least come first, as upstream's ActivePodsWithRanks
 * (pkg/controller/controller_utils.go). `rank` is how many related pods share the pod's node.
 */
export function rankForDeletion(pods: readonly corev1.Pod[], rank: (pod: corev1.Pod) => number, nowMs: number): corev1.Pod[] {
  const facts = pods.map((pod) => ({ pod, ...factsOf(pod, rank(pod), nowMs) }));
  return facts.sort((a, b) => firstDifference(a.order, b.order)).map(({ pod }) => pod);
}

/** Compared one after the other; the lower goes first. */
function factsOf(pod: corev1.Pod, rank: number, nowMs: number): { order: number[] } {
  const ready = isPodReady(pod);
  const restarts = restartsOf(pod);
  return {
    order: [
      pod.spec?.nodeName === undefined || pod.spec.nodeName === '' ? 0 : 1,
      PHASES[pod.status?.phase ?? 'Pending'] ?? 0,
      ready ? 1 : 0,
      deletionCost(pod),
      // Doubled on a node: one of them first.
      -rank,
      ready ? ageRank(podCondition(pod, 'Ready')?.lastTransitionTime, nowMs) : 0,
      -restarts.sidecars,
      -restarts.containers,
      ageRank(pod.metadata.creationTimestamp, nowMs),
    ],
  };
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function deletionCost(pod: corev1.Pod): number {
  const cost = pod.metadata.annotations?.[COST_ANNOTATION];
  return cost !== undefined && /^(0|-?[1-9][0-9]*)$/.test(cost) ? Number(cost) : 0;
}

function restartsOf({ spec, status }: corev1.Pod): { containers: number; sidecars: number } {
  const sidecars = new Set(spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
  const highest = (statuses: readonly corev1.ContainerStatus[]): number => Math.max(0, ...statuses.map(({ restartCount }) => restartCount));
  return {
    containers: highest(status?.containerStatuses ?? []),
    sidecars: highest((status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))),
  };
}

/** The younger goes first, but ages of the same order of magnitude count as equal; unknown is oldest. */
function ageRank(timestamp: string | undefined, nowMs: number): number {
  if (timestamp === undefined) return Number.MIN_SAFE_INTEGER;
  const seconds = Math.max(0, (nowMs - Date.parse(timestamp)) / 1000);
  return seconds < 1 ? 0 : Math.floor(Math.log2(seconds)) + 1;
}
