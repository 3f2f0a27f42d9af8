import { type corev1 } from '@navarch/api';
import { containersOf, initContainersOf, isSidecar } from '../pods/pod-spec';
import { qosClass } from '../pods/qos-class';
import { wholeValue } from '../quantities';

const systemCritical = 2_000_001_000;
const guaranteed = -997;
const bestEffort = 1000;

const memoryRequest = ({ resources }: Pick<corev1.Container, 'resources'>): number => wholeValue(resources?.requests?.['memory']);

/** What a pod asks for itself and its containers do not: each of them gets the same share of it. */
function shareOfPod({ spec }: corev1.Pod, containers: readonly corev1.Container[]): number {
  if (spec?.resources?.requests?.['memory'] === undefined) return 0;
  const ofContainers = containers.reduce((sum, container) => sum + memoryRequest(container), 0);
  return Math.max(0, Math.floor((memoryRequest(spec) - ofContainers) / Math.max(1, containers.length)));
}

/**
 * Upstream's oom_score_adj (pkg/kubelet/qos): the more a container asks of the node's memory, the later it is killed; a sidecar no earlier than
 * the regular container of its pod that asks for least.
 */
export function oomScoreAdj(pod: corev1.Pod, container: corev1.Container, memoryCapacity: number): number {
  if ((pod.spec?.priority ?? 0) >= systemCritical) return guaranteed;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return guaranteed;
  if (qos === 'BestEffort') return bestEffort;
  const regular = containersOf(pod);
  const share = shareOfPod(pod, [...regular, ...initContainersOf(pod)]);
  const scoreOf = (request: number): number => bestEffort - Math.floor((1000 * (request + share)) / Math.max(1, memoryCapacity));
  let score = scoreOf(memoryRequest(container));
  if (isSidecar(container) && regular.length > 0) score = Math.min(score, scoreOf(Math.min(...regular.map(memoryRequest))));
  return Math.min(bestEffort - 1, Math.max(bestEffort + guaranteed, score));
}
