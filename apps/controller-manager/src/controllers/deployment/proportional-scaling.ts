import type { appsv1 } from '@navarch/api';
import { desiredReplicasOf, maxReplicasOf } from './annotations';
import { isRollingUpdate, maxSurge, replicasOf } from './limits';
import { byCreation, isActive, totalReplicas, type Rollout } from './rollout';

/** Whether the Deployment's size was changed since its ReplicaSets were last scaled. */
export function isScalingEvent(rollout: Rollout): boolean {
  const desired = replicasOf(rollout.deployment);
  return rollout.replicaSets.filter(isActive).some((replicaSet) => {
    const noted = desiredReplicasOf(replicaSet);
    return noted !== undefined && noted !== desired;
  });
}

/** Brings the ReplicaSets to a changed size without furthering the roll-out. */
export function scaleTo(rollout: Rollout): void {
  const { deployment, newReplicaSet } = rollout;
  const desired = replicasOf(deployment);
  const only = activeOrLatest(rollout);
  if (only !== undefined) {
    if (replicasOf(only) !== desired) rollout.scale(only, desired);
    return;
  }
  if (newReplicaSet !== undefined && isSaturated(deployment, newReplicaSet)) {
    for (const replicaSet of rollout.oldReplicaSets.filter(isActive)) rollout.scale(replicaSet, 0);
    return;
  }
  if (isRollingUpdate(deployment)) spread(rollout);
}

/** The ReplicaSet that alone has pods, or would get them. */
function activeOrLatest(rollout: Rollout): appsv1.ReplicaSet | undefined {
  const active = rollout.replicaSets.filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? rollout.newReplicaSet ?? rollout.oldReplicaSets.at(-1);
}

function isSaturated(deployment: appsv1.Deployment, replicaSet: appsv1.ReplicaSet): boolean {
  const desired = replicasOf(deployment);
  return replicasOf(replicaSet) === desired && desiredReplicasOf(replicaSet) === desired && (replicaSet.status?.availableReplicas ?? 0) === desired;
}

/** Amid a roll-out the difference goes to all in proportion to their size, what is left over to the largest. */
function spread(rollout: Rollout): void {
  const { deployment } = rollout;
  const desired = replicasOf(deployment);
  const active = rollout.replicaSets.filter(isActive);
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
  const toAdd = allowed - totalReplicas(active);
  active.sort((a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byCreation(b, a) : byCreation(a, b)));
  let added = 0;
  const sizes = active.map((replicaSet) => {
    const share = toAdd === 0 ? 0 : proportion(replicaSet, deployment, toAdd, added);
    added += share;
    return replicasOf(replicaSet) + share;
  });
  for (const [index, replicaSet] of active.entries()) {
    const leftOver = index === 0 ? toAdd - added : 0;
    rollout.scale(replicaSet, Math.max(0, (sizes[index] ?? 0) + leftOver));
  }
}

function proportion(replicaSet: appsv1.ReplicaSet, deployment: appsv1.Deployment, toAdd: number, added: number): number {
  if (toAdd === added) return 0;
  const share = fraction(replicaSet, deployment);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fraction(replicaSet: appsv1.ReplicaSet, deployment: appsv1.Deployment): number {
  const size = replicasOf(replicaSet);
  const desired = replicasOf(deployment);
  if (desired === 0) return -size;
  const before = maxReplicasOf(replicaSet) ?? 0;
  // Without a note of what was allowed before, the present size must do.
  const base = before > 0 ? before : (deployment.status?.replicas ?? 0);
  if (base === 0) return 0;
  return Math.round((size * (desired + maxSurge(deployment))) / base) - size;
}
