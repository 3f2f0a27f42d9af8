import type { appsv1 } from '@navarch/api';
import { isPodTerminal } from '@navarch/reconcile';
import { maxUnavailable, replicasOf } from './limits';
import { sizeOfNew, syncRevision } from './revision';
import { isActive, totalAvailable, totalReplicas, type Rollout } from './rollout';

/** Replaces pods little by little: more of the new as the limits allow, fewer of the old as availability allows. */
export function rollingUpdate(rollout: Rollout): void {
  syncRevision(rollout, true);
  if (growNew(rollout)) return;
  shrinkOld(rollout);
}

/** Replaces all at once: the new ones come when the old ones are gone. */
export function recreate(rollout: Rollout): void {
  syncRevision(rollout, false);
  const active = rollout.oldReplicaSets.filter(isActive);
  for (const replicaSet of active) rollout.scale(replicaSet, 0);
  if (active.length > 0 || oldPodsRun(rollout)) return;
  syncRevision(rollout, true);
  if (rollout.newReplicaSet !== undefined) rollout.scale(rollout.newReplicaSet, replicasOf(rollout.deployment));
}

function growNew(rollout: Rollout): boolean {
  const { deployment, newReplicaSet } = rollout;
  if (newReplicaSet === undefined) return false;
  const desired = replicasOf(deployment);
  const current = replicasOf(newReplicaSet);
  if (current === desired) return false;
  const size = current > desired ? desired : sizeOfNew(rollout, current);
  return size !== current && rollout.scale(newReplicaSet, size);
}

function shrinkOld(rollout: Rollout): void {
  const { deployment } = rollout;
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const newUnavailable = rollout.newReplicaSet === undefined ? 0 : replicasOf(rollout.newReplicaSet) - (rollout.newReplicaSet.status?.availableReplicas ?? 0);
  const spare = totalReplicas(rollout.replicaSets) - minAvailable - newUnavailable;
  if (totalReplicas(rollout.oldReplicaSets) === 0 || spare <= 0) return;
  dropUnhealthy(rollout, spare);
  dropHealthy(rollout, totalAvailable(rollout.replicaSets) - minAvailable);
}

/** Replicas that are not available serve nobody: they go first, and cannot block the roll-out. */
function dropUnhealthy(rollout: Rollout, most: number): void {
  let left = most;
  for (const replicaSet of rollout.oldReplicaSets) {
    const size = replicasOf(replicaSet);
    const count = Math.min(left, size - (replicaSet.status?.availableReplicas ?? 0));
    if (count <= 0) continue;
    rollout.scale(replicaSet, size - count);
    left -= count;
  }
}

function dropHealthy(rollout: Rollout, most: number): void {
  let left = most;
  for (const replicaSet of rollout.oldReplicaSets) {
    const size = replicasOf(replicaSet);
    const count = Math.min(left, size);
    if (count <= 0) continue;
    rollout.scale(replicaSet, size - count);
    left -= count;
  }
}

function oldPodsRun(rollout: Rollout): boolean {
  if (rollout.oldReplicaSets.some((replicaSet: appsv1.ReplicaSet) => (replicaSet.status?.replicas ?? 0) > 0)) return true;
  const newUid = rollout.newReplicaSet?.metadata.uid;
  return [...rollout.pods].some(([uid, pods]) => uid !== newUid && pods.some((pod) => !isPodTerminal(pod)));
}
