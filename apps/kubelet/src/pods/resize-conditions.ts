import { type corev1 } from '@navarch/api';
import { containersOf, initContainersOf } from './pod-spec';
import { effectiveResources, sameResources, type PendingResize } from './resize';
import { type RuntimeView } from './runtime-view';

type Verdict = Pick<corev1.PodCondition, 'status' | 'reason' | 'message'>;

/** Conditions that are there only while a resize is. */
export const resizeConditionTypes: ReadonlySet<string> = new Set(['PodResizePending', 'PodResizeInProgress']);

/** What a pod was given, of what is set aside for it. */
export interface GivenResources {
  /** A running container's, what it has of its pod included; undefined if that is not known. */
  readonly applied: (containerId: string) => corev1.ResourceRequirements | undefined;
  /** Whether the pod as a whole has all of its own. */
  readonly podHasItsOwn: boolean;
}

/** Whether a running container, or a pod that runs as a whole, has other resources than are set aside for it. */
export function isResizing(pod: corev1.Pod, runtime: RuntimeView, { applied, podHasItsOwn }: GivenResources): boolean {
  const running = runtime.containers.filter(({ state }) => state === 'running');
  if (!podHasItsOwn && running.length > 0) return true;
  return [...initContainersOf(pod), ...containersOf(pod)].some((container) => running.some(({ id, name }) => {
    const given = name === container.name ? applied(id) : undefined;
    return given !== undefined && !sameResources(given, effectiveResources(container, pod.spec?.resources));
  }));
}

/** Shows a resize that waits for room, and one that has not reached every container yet. `pod`: with what is set aside for it. */
export function resizeConditions(pod: corev1.Pod, runtime: RuntimeView, given: GivenResources, resize: { readonly pending?: PendingResize; readonly error?: string }): [string, Verdict][] {
  const inProgress = isResizing(pod, runtime, given);
  const failure = resize.error === undefined ? {} : { reason: 'Error', message: resize.error };
  return [
    ...(resize.pending ? [['PodResizePending', { status: 'True', reason: resize.pending.reason, message: resize.pending.message }] satisfies [string, Verdict]] : []),
    ...(inProgress ? [['PodResizeInProgress', { status: 'True', ...failure }] satisfies [string, Verdict]] : []),
  ];
}
