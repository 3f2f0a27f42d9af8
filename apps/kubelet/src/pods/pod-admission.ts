import { type corev1 } from '@navarch/api';
import { type Rejection } from './admit-pod';

/** One reason after the other why a pod might not begin here; `others` run here already. */
export type AdmissionCheck = (pod: corev1.Pod, others: readonly corev1.Pod[]) => Rejection | undefined;

/** Asks the checks in order; the first that refuses has the word. */
export function admissionOf(checks: readonly AdmissionCheck[]): AdmissionCheck {
  return (pod, others) => {
    for (const check of checks) {
      const rejection = check(pod, others);
      if (rejection) return rejection;
    }
    return undefined;
  };
}
