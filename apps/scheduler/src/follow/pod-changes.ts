import type { corev1 } from '@navarch/api';
import type { ClusterEvent, EventName } from '@navarch/scheduling';
import { podRequests } from '@navarch/scheduling';

const differs = (a: unknown, b: unknown): boolean => a !== b && JSON.stringify(a) !== JSON.stringify(b);

/** What of a waiting pod has changed that can matter to a plug-in which refused it. */
export function ownChanges(before: corev1.Pod, after: corev1.Pod): readonly ClusterEvent[] {
  const names: EventName[] = [];
  if (differs(before.metadata.labels, after.metadata.labels)) names.push('PodUpdatePodLabel');
  if ((before.spec?.schedulingGates?.length ?? 0) > 0 && (after.spec?.schedulingGates?.length ?? 0) === 0) names.push('PodUpdatePodSchedulingGatesEliminated');
  if (differs(before.spec?.tolerations, after.spec?.tolerations)) names.push('PodUpdatePodToleration');
  if (asksLess(before, after)) names.push('PodUpdatePodScaleDown');
  if (differs(before.status?.resourceClaimStatuses, after.status?.resourceClaimStatuses)) names.push('PodUpdatePodGeneratedResourceClaim');
  // Whatever else somebody changed can matter to plug-ins in other processes: mostly annotations. What the scheduler itself writes is in the status.
  if (names.length === 0 && (differs(before.metadata.annotations, after.metadata.annotations) || differs(before.spec, after.spec))) names.push('PodUpdate');
  return names.map((name) => ({ name, before, after }));
}

/** What of a placed pod has changed that can help others. */
export function placedChanges(before: corev1.Pod, after: corev1.Pod): readonly ClusterEvent[] {
  const names: EventName[] = [];
  if (differs(before.metadata.labels, after.metadata.labels)) names.push('AssignedPodUpdatePodLabel');
  if (asksLess(before, after)) names.push('AssignedPodUpdatePodScaleDown');
  if (names.length === 0 && differs(before.metadata.annotations, after.metadata.annotations)) names.push('AssignedPodUpdate');
  return names.map((name) => ({ name, before, after }));
}

/** What a pod's status says of resources: a resize is over only when the kubelet says so. */
function allotted({ status }: corev1.Pod): unknown {
  const containers = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return [containers.map(({ name, resources, allocatedResources }) => [name, resources, allocatedResources]), status?.resources, status?.allocatedResources, status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason];
}

function asksLess(before: corev1.Pod, after: corev1.Pod): boolean {
  const sameSpec = !differs(before.spec?.containers, after.spec?.containers) && !differs(before.spec?.initContainers, after.spec?.initContainers) && !differs(before.spec?.resources, after.spec?.resources);
  if (sameSpec && !differs(allotted(before), allotted(after))) return false;
  const [had, has] = [podRequests(before).requests, podRequests(after).requests];
  return has.milliCpu < had.milliCpu || has.memory < had.memory || has.ephemeralStorage < had.ephemeralStorage || [...had.scalar].some(([name, amount]) => (has.scalar.get(name) ?? 0) < amount);
}

/** What the conditions of a node say, without when. */
const conditionsOf = ({ status }: corev1.Node): unknown => (status?.conditions ?? []).map(({ type, status: says }) => `${type}=${says}`).sort();

/** What of a node has changed that can help refused pods; heartbeats cannot. Annotations and conditions are for plug-ins in other processes, and extenders. */
export function nodeChanges(before: corev1.Node, after: corev1.Node): readonly ClusterEvent[] {
  const names: EventName[] = [];
  if (differs(before.status?.allocatable, after.status?.allocatable)) names.push('NodeUpdateNodeAllocatable');
  if (differs(before.metadata.labels, after.metadata.labels)) names.push('NodeUpdateNodeLabel');
  if (differs(before.spec?.taints, after.spec?.taints) || before.spec?.unschedulable !== after.spec?.unschedulable) names.push('NodeUpdateNodeTaint');
  if (differs(before.status?.declaredFeatures, after.status?.declaredFeatures)) names.push('NodeUpdateNodeDeclaredFeature');
  if (differs(before.metadata.annotations, after.metadata.annotations)) names.push('NodeUpdateNodeAnnotation');
  if (differs(before.status?.conditions, after.status?.conditions) && differs(conditionsOf(before), conditionsOf(after))) names.push('NodeUpdateNodeCondition');
  return names.map((name) => ({ name, before, after }));
}
