import { type corev1 } from '@navarch/api';
import { type Rejection } from './admit-pod';

/** Others, by their uids, have to end before the pod may begin: then it is asked for anew. */
export interface AfterOthers {
  readonly after: readonly string[];
}

export type Verdict = Rejection | AfterOthers | undefined;

/** One reason after the other why a pod might not begin here; `others` run here already. */
export type AdmissionCheck = (pod: corev1.Pod, others: readonly corev1.Pod[]) => Verdict;

/** Asks the checks in order; the first that does not agree has the word. */
export function admissionOf(checks: readonly AdmissionCheck[]): AdmissionCheck {
  return (pod, others) => {
    for (const check of checks) {
      const verdict = check(pod, others);
      if (verdict) return verdict;
    }
    return undefined;
  };
}
