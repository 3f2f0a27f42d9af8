import { type corev1 } from '@navarch/api';
import { matchesNodeSelection, tolerates } from '@navarch/scheduling';
import { type Rejection } from './admit-pod';
import { isStaticPod } from './pod-spec';

/** What of a node a pod has a say in. */
export interface AdmittingNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly corev1.Taint[];
}

/** Refuses a pod that does not want this node, or that this node does not want: whoever bound it may have passed the scheduler by. */
export function admitNode(pod: corev1.Pod, node: AdmittingNode): Rejection | undefined {
  if (pod.spec && !matchesNodeSelection(pod.spec, node)) return failed('NodeAffinity', 'node(s) didn\'t match Pod\'s node affinity/selector');
  if ((pod.spec?.nodeName ?? node.name) !== node.name) return failed('NodeName', 'node(s) didn\'t match the requested node name');
  // A static pod is the node's own.
  const unwanted = !isStaticPod(pod) && node.taints.some((taint) => taint.effect === 'NoExecute' && !tolerates(pod.spec?.tolerations, taint));
  return unwanted ? failed('TaintToleration', 'node(s) had taints that the pod didn\'t tolerate') : undefined;
}

function failed(predicate: string, why: string): Rejection {
  return { reason: predicate, message: `Pod was rejected: Predicate ${predicate} failed: ${why}` };
}
