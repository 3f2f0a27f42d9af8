import { type corev1 } from '@navarch/api';
import { containersOf, initContainersOf, isSidecar } from './pod-spec';
import { sameResources, type PendingResize } from './resize';
import { type RuntimeView } from './runtime-view';

type Verdict = Pick<corev1.PodCondition, 'status' | 'reason' | 'message'>;

/** Conditions that are there only while a resize is. */
export const resizeConditionTypes: ReadonlySet<string> = new Set(['PodResizePending', 'PodResizeInProgress']);

/** Whether a running container has other resources than are set aside for it. */
export function isResizing(pod: corev1.Pod, runtime: RuntimeView, applied: (containerId: string) => corev1.ResourceRequirements | undefined): boolean {
  return [...initContainersOf(pod).filter(isSidecar), ...containersOf(pod)].some((container) => runtime.containers.some(({ id, name, state }) => {
    const given = name === container.name && state === 'running' ? applied(id) : undefined;
    return given !== undefined && !sameResources(given, container.resources ?? {});
  }));
}

/** Shows a resize that waits for room, and one that has not reached every container yet. `pod`: with what is set aside for it. */
export function resizeConditions(pod: corev1.Pod, runtime: RuntimeView, applied: (containerId: string) => corev1.ResourceRequirements | undefined, resize: { readonly pending?: PendingResize; readonly error?: string }): [string, Verdict][] {
  const inProgress = isResizing(pod, runtime, applied);
  const failure = resize.error === undefined ? {} : { reason: 'Error', message: resize.error };
  return [
    ...(resize.pending ? [['PodResizePending', { status: 'True', reason: resize.pending.reason, message: resize.pending.message }] satisfies [string, Verdict]] : []),
    ...(inProgress ? [['PodResizeInProgress', { status: 'True', ...failure }] satisfies [string, Verdict]] : []),
  ];
}
