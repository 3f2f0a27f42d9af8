import { type corev1, qosClassOf } from '@navarch/api';

export type QosClass = ReturnType<typeof qosClassOf>;

/** The quality-of-service class that the API server gives a pod: by the pod's own resources where it has some, else by those of all its containers. */
export function qosClass(pod: corev1.Pod): QosClass {
  return qosClassOf(pod.spec ?? {});
}
