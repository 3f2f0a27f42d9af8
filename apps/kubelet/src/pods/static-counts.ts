import { type corev1 } from '@navarch/api';
import { nameOf, namespaceOf, uidOf } from './pod-spec';

/** How often containers of static pods had begun that are gone: one that comes back is the same pod, and counts on. */
export class StaticCounts {
  readonly #counts = new Map<string, { readonly uid: string; readonly status: corev1.PodStatus }>();

  keep(pod: corev1.Pod, status: corev1.PodStatus): void {
    this.#counts.set(fullName(pod), { uid: uidOf(pod), status: countsOf(status) });
  }

  /** The pod with what is known of its former life, which is forgotten here. */
  restore(pod: corev1.Pod): corev1.Pod {
    const counts = this.#counts.get(fullName(pod));
    this.#counts.delete(fullName(pod));
    return { ...pod, status: { ...pod.status, ...(counts?.uid === uidOf(pod) ? counts.status : {}) } };
  }
}

export const fullName = (pod: corev1.Pod): string => `${namespaceOf(pod)}/${nameOf(pod)}`;

/** What is left of a status for a pod that begins anew. */
function countsOf({ initContainerStatuses = [], containerStatuses = [] }: corev1.PodStatus): corev1.PodStatus {
  return { initContainerStatuses: initContainerStatuses.map(countOf), containerStatuses: containerStatuses.map(countOf) };
}

function countOf({ name, image, imageID, containerID, restartCount }: corev1.ContainerStatus): corev1.ContainerStatus {
  return { name, image, imageID, ...(containerID === undefined ? {} : { containerID }), restartCount, ready: false };
}
