import type { appsv1 } from '@navarch/api';

type Condition = appsv1.DeploymentCondition;

export function conditionOf(status: appsv1.DeploymentStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** A condition as of now. */
export function condition(type: string, status: 'True' | 'False' | 'Unknown', reason: string, message: string, now: string): Condition {
  return { type, status, lastUpdateTime: now, lastTransitionTime: now, reason, message };
}

/** Sets a condition; one that says the same already stays as it is, times included. */
export function setCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const current = conditions.find(({ type }) => type === next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...conditions];
  return [...removeCondition(conditions, next.type), sameStatusSince(current, next)];
}

/** Sets it even if it says the same: its update time shows progress. */
export function renewCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const current = conditions.find(({ type }) => type === next.type);
  if (current?.status !== 'True') return setCondition(conditions, next);
  return [...removeCondition(conditions, next.type), sameStatusSince(current, next)];
}

export function removeCondition(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}

function sameStatusSince(current: Condition | undefined, next: Condition): Condition {
  if (current?.status !== next.status || current.lastTransitionTime === undefined) return next;
  return { ...next, lastTransitionTime: current.lastTransitionTime };
}
