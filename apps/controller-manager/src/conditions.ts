import type { metav1 } from '@navarch/api';

/** Conditions with one of a type put in its place, or at the end: the time of the last transition stays unless the status changes. As upstream's meta.SetStatusCondition. */
export function withCondition(conditions: readonly metav1.Condition[] | undefined, next: metav1.Condition): metav1.Condition[] {
  const before = conditions ?? [];
  const current = before.find(({ type }) => type === next.type);
  if (current === undefined) return [...before, next];
  const settled = current.status === next.status ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
  return before.map((condition) => (condition === current ? settled : condition));
}

/** Whether a condition of a type says yes. */
export function isTrue(conditions: readonly metav1.Condition[] | undefined, wanted: string): boolean {
  return conditions?.some(({ type, status }) => type === wanted && status === 'True') === true;
}
