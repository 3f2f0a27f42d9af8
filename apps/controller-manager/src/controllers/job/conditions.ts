import type { batchv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';

type Condition = batchv1.JobCondition;

export function conditionOf(status: batchv1.JobStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export const isTrue = (status: batchv1.JobStatus | undefined, type: string): boolean => conditionOf(status, type)?.status === 'True';

/** Over: it changes no more. */
export function isFinished({ status }: batchv1.Job): boolean {
  return isTrue(status, 'Complete') || isTrue(status, 'Failed');
}

export function newCondition(type: string, status: 'False' | 'True', reason: string, message: string, nowMs: number): Condition {
  const now = formatTime(nowMs);
  return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message };
}

/** Sets a condition; one that is there and says the same stays. */
export function setCondition(conditions: readonly Condition[], next: Condition): readonly Condition[] {
  const current = conditions.find(({ type }) => type === next.type);
  if (current === undefined) return [...conditions, next];
  if (current.status === next.status && current.reason === next.reason && current.message === next.message) return conditions;
  return conditions.map((condition) => (condition === current ? next : condition));
}
