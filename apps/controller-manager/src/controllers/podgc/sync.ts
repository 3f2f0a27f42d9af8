import type { corev1 } from '@navarch/api';
import { isPodTerminal } from '@navarch/reconcile';

export interface ObservedPods {
  readonly pods: readonly corev1.Pod[];
  readonly hasNode: (name: string) => boolean;
  /** How many terminated pods may stay; 0: all. */
  readonly terminatedThreshold: number;
}

export interface PodGcPlan {
  /** Terminated pods beyond what may stay, oldest first. */
  readonly terminated: readonly corev1.Pod[];
  /** Told to go before they had a node: nobody else will remove them. */
  readonly unscheduled: readonly corev1.Pod[];
  /** Of nodes that seem to be gone; each node has yet to be asked for. */
  readonly orphaned: readonly corev1.Pod[];
}

/** Finds the pods that nobody else removes. */
export function planPodGc({ pods, hasNode, terminatedThreshold }: ObservedPods): PodGcPlan {
  const nodeOf = ({ spec }: corev1.Pod): string => spec?.nodeName ?? '';
  const over = pods.filter(isPodTerminal);
  const excess = terminatedThreshold <= 0 ? 0 : Math.max(0, over.length - terminatedThreshold);
  const age = ({ metadata }: corev1.Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return {
    terminated: [...over].sort((a, b) => age(a) - age(b)).slice(0, excess),
    unscheduled: pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && nodeOf(pod) === ''),
    orphaned: pods.filter((pod) => nodeOf(pod) !== '' && !hasNode(nodeOf(pod))),
  };
}
