import type { appsv1 } from '@navarch/api';
import { scaledIntOrPercent } from '@navarch/apimachinery';

/** Stands for "no limit" where a field has one. */
const NO_LIMIT = 2 ** 31 - 1;

export const replicasOf = (object: { spec?: { replicas?: number } }): number => object.spec?.replicas ?? 1;

export const isRollingUpdate = ({ spec }: appsv1.Deployment): boolean => (spec?.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';

/** maxSurge and maxUnavailable as counts; not both 0, or nothing could ever be replaced. */
function fenceposts(deployment: appsv1.Deployment): { surge: number; unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec?.strategy?.rollingUpdate ?? {};
  const desired = replicasOf(deployment);
  const surge = scaledIntOrPercent(maxSurge, desired, true);
  const unavailable = scaledIntOrPercent(maxUnavailable, desired, false);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export function maxSurge(deployment: appsv1.Deployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0;
}

export function maxUnavailable(deployment: appsv1.Deployment): number {
  const desired = replicasOf(deployment);
  if (!isRollingUpdate(deployment) || desired === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, desired);
}

/** Seconds that a roll-out may stand still. */
export function progressDeadline({ spec }: appsv1.Deployment): number | undefined {
  const seconds = spec?.progressDeadlineSeconds;
  return seconds === undefined || seconds >= NO_LIMIT ? undefined : seconds;
}

/** How many old ReplicaSets are kept for roll-backs. */
export function historyLimit({ spec }: appsv1.Deployment): number | undefined {
  const limit = spec?.revisionHistoryLimit;
  return limit === undefined || limit >= NO_LIMIT ? undefined : limit;
}
