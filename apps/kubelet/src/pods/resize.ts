import { type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity } from '@navarch/apimachinery';
import { sameQuantity } from '../quantities';
import { containersOf, initContainersOf, isStaticPod, isSidecar } from './pod-spec';
import { type Rejection } from './admit-pod';

/** What the node has set aside for a pod, by container: it differs from the spec while a resize waits. */
export type PodAllocation = Readonly<Record<string, corev1.ResourceRequirements>>;

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
  const same = Object.entries(wanted).every(([name, resources]) => allocation[name] !== undefined && sameResources(resources, allocation[name]));
  if (same) return { allocation, accepted: false };
  const pending = isStaticPod(pod) ? { reason: 'Infeasible' as const, message: 'In-place resize of static-pods is not supported', detail: 'static_pod' } : room();
  return pending ? { allocation, pending, accepted: false } : { allocation: wanted, accepted: true };
}

/** What a pod's spec asks for, of the containers that can be resized. */
export function allocationOf(pod: corev1.Pod): PodAllocation {
  return Object.fromEntries(resizable(pod).map((container) => [container.name, container.resources ?? {}]));
}

/** A resize as events tell of it. */
export function resizeText(pod: corev1.Pod, allocation: PodAllocation, error?: string): string {
  return JSON.stringify({ containers: Object.entries(allocation).map(([name, resources]) => ({ name, resources })), generation: pod.metadata.generation ?? 0, ...(error === undefined ? {} : { error }) });
}

/** What the node had set aside for a pod that ran before this kubelet did, as its status says; where it says nothing, its spec. */
export function allocationFromStatus(pod: corev1.Pod): PodAllocation {
  const statuses = [...pod.status?.initContainerStatuses ?? [], ...pod.status?.containerStatuses ?? []];
  return Object.fromEntries(resizable(pod).map((container) => {
    const status = statuses.find(({ name, resources }) => name === container.name && resources !== undefined);
    return [container.name, status?.resources ?? container.resources ?? {}];
  }));
}

/** The pod with what is set aside for it in place of what it asks for. */
export function withAllocation(pod: corev1.Pod, allocation: PodAllocation): corev1.Pod {
  if (!pod.spec) return pod;
  const allocated = (container: corev1.Container): corev1.Container => {
    const resources = allocation[container.name];
    return resources === undefined || resources === container.resources ? container : { ...container, resources };
  };
  const { initContainers, containers } = pod.spec;
  // As it is in nearly every pod.
  if (containers.every((container) => allocated(container) === container) && !initContainers?.some((container) => isSidecar(container) && allocated(container) !== container)) return pod;
  return { ...pod, spec: { ...pod.spec, containers: containers.map(allocated), ...(initContainers ? { initContainers: initContainers.map((container) => (isSidecar(container) ? allocated(container) : container)) } : {}) } };
}

/** Whether a container must be made anew to get other resources, by its resizePolicy. */
export function resizeRestarts(container: corev1.Container, from: corev1.ResourceRequirements): boolean {
  return (container.resizePolicy ?? []).some(({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && !sameResource(container.resources ?? {}, from, resourceName));
}

/** Whether a container's processor time and memory are the same; nothing else can be resized. */
export function sameResources(a: corev1.ResourceRequirements, b: corev1.ResourceRequirements): boolean {
  return sameResource(a, b, 'cpu') && sameResource(a, b, 'memory');
}

/** What this node could never give, and what it cannot give now. */
export function roomFor(rejection: Rejection | undefined, neverFits: Rejection | undefined): PendingResize | undefined {
  const text = ({ message }: Rejection): string => message.replace(/^Pod was rejected: /, '');
  if (neverFits) return { reason: 'Infeasible', message: text(neverFits).replace('enough resource', 'enough capacity').replace(/, used: \d+/, ''), detail: 'insufficient_node_allocatable' };
  return rejection && { reason: 'Deferred', message: text(rejection) };
}

function sameResource(a: corev1.ResourceRequirements, b: corev1.ResourceRequirements, name: string): boolean {
  return sameQuantity(a.requests?.[name] ?? '0', b.requests?.[name] ?? '0') && sameQuantity(a.limits?.[name] ?? '0', b.limits?.[name] ?? '0');
}

/** The larger of what a container was given and what is set aside for it: while it shrinks, nobody else has what it gives up. */
export function heldResources(given: corev1.ResourceRequirements, allocated: corev1.ResourceRequirements): corev1.ResourceRequirements {
  if (given === allocated) return allocated;
  const larger = (list: 'requests' | 'limits', name: string): Record<string, string> => {
    const [a, b] = [given[list]?.[name], allocated[list]?.[name]];
    const most = a !== undefined && b !== undefined ? (compareQuantities(parseQuantity(a), parseQuantity(b)) > 0 ? a : b) : a ?? b;
    return most === undefined ? {} : { [name]: most };
  };
  const both = (list: 'requests' | 'limits'): Record<string, string> => ({ ...allocated[list], ...larger(list, 'cpu'), ...larger(list, 'memory') });
  return { ...allocated, requests: both('requests'), limits: both('limits') };
}

function resizable(pod: corev1.Pod): readonly corev1.Container[] {
  return [...initContainersOf(pod).filter(isSidecar), ...containersOf(pod)];
}
