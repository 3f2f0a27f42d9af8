import { type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity } from '@navarch/apimachinery';
import { sameQuantity } from '../quantities';
import { containersOf, initContainersOf, isStaticPod } from './pod-spec';
import { podResourcesFromStatus } from './pod-resources-status';
import { type Rejection } from './admit-pod';

type Resources = corev1.ResourceRequirements;

/** What the node has set aside for a pod: it differs from the spec while a resize waits. */
export interface PodAllocation {
  /** For the pod as a whole, where it asks for that. */
  readonly pod: Resources | undefined;
  readonly containers: Readonly<Record<string, Resources>>;
}

/** Why a resize has not been taken up. */
export interface PendingResize {
  readonly reason: 'Deferred' | 'Infeasible';
  readonly message: string;
  /** Upstream's word for why it never will be, for metrics. */
  readonly detail?: string;
}

export interface ResizePlan {
  readonly allocation: PodAllocation;
  readonly pending?: PendingResize;
  /** The allocation is new. */
  readonly accepted: boolean;
}

/**
 * Follows a pod's spec: what was asked for anew is set aside when there is room for it. `room` says why there is
 * none: undefined when there is.
 */
export function planResize(pod: corev1.Pod, allocation: PodAllocation, room: () => PendingResize | undefined): ResizePlan {
  const wanted = allocationOf(pod);
  if (sameAllocation(wanted, allocation)) return { allocation, accepted: false };
  const pending = isStaticPod(pod) ? { reason: 'Infeasible' as const, message: 'In-place resize of static-pods is not supported', detail: 'static_pod' } : room();
  return pending ? { allocation, pending, accepted: false } : { allocation: wanted, accepted: true };
}

/** Whether a pod and its containers have the same by both. */
export function sameAllocation(wanted: PodAllocation, allocation: PodAllocation): boolean {
  const sameContainers = Object.entries(wanted.containers).every(([name, resources]) => {
    const allocated = allocation.containers[name];
    return allocated !== undefined && sameResources(resources, allocated);
  });
  return sameContainers && sameResources(wanted.pod ?? {}, allocation.pod ?? {});
}

/** What a pod's spec asks for, for itself and for its containers. */
export function allocationOf(pod: corev1.Pod): PodAllocation {
  return { pod: pod.spec?.resources, containers: Object.fromEntries(resizable(pod).map((container) => [container.name, container.resources ?? {}])) };
}

/** What the node had set aside for a pod that ran before this kubelet did, as its status says; where it says nothing, its spec. */
export function allocationFromStatus(pod: corev1.Pod): PodAllocation {
  const statuses = [...pod.status?.initContainerStatuses ?? [], ...pod.status?.containerStatuses ?? []];
  const containers = resizable(pod).map((container): [string, Resources] => {
    const status = statuses.find(({ name, resources }) => name === container.name && resources !== undefined);
    return [container.name, status?.resources ?? container.resources ?? {}];
  });
  return { pod: podResourcesFromStatus(pod) ?? pod.spec?.resources, containers: Object.fromEntries(containers) };
}

/** The pod with what is set aside for it in place of what it asks for. */
export function withAllocation(pod: corev1.Pod, allocation: PodAllocation): corev1.Pod {
  if (!pod.spec) return pod;
  const allocated = (container: corev1.Container): corev1.Container => {
    const resources = allocation.containers[container.name];
    return resources === undefined || resources === container.resources ? container : { ...container, resources };
  };
  const { initContainers, containers, resources } = pod.spec;
  const ofPod = resources && (allocation.pod ?? resources);
  const isAsAllocated = (container: corev1.Container): boolean => allocated(container) === container;
  // As it is in nearly every pod.
  if (ofPod === resources && containers.every(isAsAllocated) && (initContainers ?? []).every(isAsAllocated)) return pod;
  return {
    ...pod,
    spec: {
      ...pod.spec, containers: containers.map(allocated), ...(initContainers ? { initContainers: initContainers.map(allocated) } : {}),
      ...(ofPod ? { resources: ofPod } : {}),
    },
  };
}

/** What a container may use, and asks for: what it has no limit of, it may have as much of as its pod. */
export function effectiveResources(container: Pick<corev1.Container, 'resources'>, ofPod: Resources | undefined): Resources {
  const { resources = {} } = container;
  const inherited = Object.entries(ofPod?.limits ?? {}).filter(([name]) => name === 'cpu' || name === 'memory');
  return inherited.length === 0 ? resources : { ...resources, limits: { ...Object.fromEntries(inherited), ...resources.limits } };
}

/** Whether a container must be made anew to get other resources, by its resizePolicy. */
export function resizeRestarts({ resizePolicy }: corev1.Container, from: Resources, to: Resources): boolean {
  return (resizePolicy ?? []).some(({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && !sameResource(to, from, resourceName));
}

/** Whether processor time and memory are the same; nothing else can be resized. */
export function sameResources(a: Resources, b: Resources): boolean {
  return sameResource(a, b, 'cpu') && sameResource(a, b, 'memory');
}

/** What this node could never give, and what it cannot give now. */
export function roomFor(rejection: Rejection | undefined, neverFits: Rejection | undefined): PendingResize | undefined {
  const text = ({ message }: Rejection): string => message.replace(/^Pod was rejected: /, '');
  if (neverFits) return { reason: 'Infeasible', message: text(neverFits).replace('enough resource', 'enough capacity').replace(/, used: \d+/, ''), detail: 'insufficient_node_allocatable' };
  return rejection && { reason: 'Deferred', message: text(rejection) };
}

function sameResource(a: Resources, b: Resources, name: string): boolean {
  return sameQuantity(a.requests?.[name] ?? '0', b.requests?.[name] ?? '0') && sameQuantity(a.limits?.[name] ?? '0', b.limits?.[name] ?? '0');
}

/** The larger of what a container, or a pod as a whole, was given and what is set aside for it: while it shrinks, nobody else has what it gives up. */
export function heldResources(given: Resources, allocated: Resources): Resources {
  if (given === allocated) return allocated;
  const larger = (list: 'requests' | 'limits', name: string): Record<string, string> => {
    const [a, b] = [given[list]?.[name], allocated[list]?.[name]];
    const most = a !== undefined && b !== undefined ? (compareQuantities(parseQuantity(a), parseQuantity(b)) > 0 ? a : b) : a ?? b;
    return most === undefined ? {} : { [name]: most };
  };
  const both = (list: 'requests' | 'limits'): Record<string, string> => ({ ...allocated[list], ...larger(list, 'cpu'), ...larger(list, 'memory') });
  return { ...allocated, requests: both('requests'), limits: both('limits') };
}

/** Init containers too, while they run and before. */
function resizable(pod: corev1.Pod): readonly corev1.Container[] {
  return [...initContainersOf(pod), ...containersOf(pod)];
}
