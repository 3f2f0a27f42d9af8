import type { corev1 } from '@navarch/api';
import { isPodTerminal } from '@navarch/reconcile';
import { readiness } from '../../nodes';

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

export interface ObservedPods {
  readonly pods: readonly corev1.Pod[];
  readonly node: (name: string) => corev1.Node | undefined;
  /** How many terminated pods may stay; 0: all. */
  readonly terminatedThreshold: number;
}

export interface PodGcPlan {
  /** Terminated pods beyond what may stay: evicted ones first, then the oldest. */
  readonly terminated: readonly corev1.Pod[];
  /** Told to go before they had a node: nobody else will remove them. */
  readonly unscheduled: readonly corev1.Pod[];
  /** Told to go from nodes that are out of service: their kubelets will never say that they went. */
  readonly outOfService: readonly corev1.Pod[];
  /** Of nodes that seem to be gone; each node has yet to be asked for. */
  readonly orphaned: readonly corev1.Pod[];
}

/** By the kubelet, for want of resources: what it tells is seen first, and goes first. */
const isEvicted = ({ status }: corev1.Pod): boolean => status?.phase === 'Failed' && status.reason === 'Evicted';

/** Not ready, and an administrator has said that it will not come back by itself. */
function isOutOfService(node: corev1.Node | undefined): boolean {
  return node !== undefined && readiness(node) !== 'True' && node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) === true;
}

/** Finds the pods that nobody else removes. */
export function planPodGc({ pods, node, terminatedThreshold }: ObservedPods): PodGcPlan {
  const nodeOf = ({ spec }: corev1.Pod): string => spec?.nodeName ?? '';
  const over = pods.filter(isPodTerminal);
  const excess = terminatedThreshold <= 0 ? 0 : Math.max(0, over.length - terminatedThreshold);
  const age = ({ metadata }: corev1.Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return {
    terminated: [...over].sort((a, b) => Number(isEvicted(b)) - Number(isEvicted(a)) || age(a) - age(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)).slice(0, excess),
    unscheduled: pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && nodeOf(pod) === ''),
    outOfService: pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && isOutOfService(node(nodeOf(pod)))),
    orphaned: pods.filter((pod) => nodeOf(pod) !== '' && node(nodeOf(pod)) === undefined),
  };
}
