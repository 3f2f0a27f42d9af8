import type { appsv1 } from '@navarch/api';
import { condition, conditionOf, removeCondition, renewCondition, setCondition } from './conditions';
import { maxUnavailable, progressDeadline, replicasOf } from './limits';
import { totalAvailable, totalReplicas, type Rollout } from './rollout';

type Status = appsv1.DeploymentStatus;

const count = (replicaSets: readonly appsv1.ReplicaSet[], of: (status: appsv1.ReplicaSetStatus) => number | undefined): number =>
  replicaSets.reduce((sum, { status }) => sum + ((status && of(status)) ?? 0), 0);

/** One that nobody has looked at yet has no pods that could go (upstream's GetTerminatingReplicaCountForReplicaSets). */
const tellsOfTerminating = ({ status }: appsv1.ReplicaSet): boolean => status?.terminatingReplicas !== undefined || (status?.observedGeneration ?? 0) === 0;

/** What can be counted, and whether enough is available. */
export function countedStatus(rollout: Rollout): Status {
  const { deployment, replicaSets, newReplicaSet } = rollout;
  const available = totalAvailable(replicaSets);
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const availability =
    available >= minAvailable
      ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', rollout.now)
      : condition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.', rollout.now);
  const { collisionCount } = deployment.status ?? {};
  return withoutZeros({
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: count(replicaSets, ({ replicas }) => replicas),
    updatedReplicas: newReplicaSet?.status?.replicas ?? 0,
    readyReplicas: count(replicaSets, ({ readyReplicas }) => readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalReplicas(replicaSets) - available),
    ...(replicaSets.every(tellsOfTerminating) ? { terminatingReplicas: count(replicaSets, ({ terminatingReplicas }) => terminatingReplicas) } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: setCondition(rollout.conditions, availability),
  });
}

/** The status after a step of a roll-out: also whether it progresses, is complete, or has stood still too long. */
export function rolloutStatus(rollout: Rollout): Status {
  const { deployment, newReplicaSet } = rollout;
  const status = countedStatus(rollout);
  let conditions = status.conditions ?? [];
  const current = conditionOf({ conditions: rollout.conditions }, 'Progressing');
  const isDone = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (progressDeadline(deployment) === undefined) conditions = removeCondition(conditions, 'Progressing');
  else if (!isDone) {
    const subject = newReplicaSet === undefined ? `Deployment "${deployment.metadata.name ?? ''}"` : `ReplicaSet "${newReplicaSet.metadata.name ?? ''}"`;
    const progressing = (value: 'True' | 'False', reason: string, message: string): appsv1.DeploymentCondition => condition('Progressing', value, reason, `${subject} ${message}`, rollout.now);
    if (isComplete(deployment, status)) conditions = setCondition(conditions, progressing('True', 'NewReplicaSetAvailable', 'has successfully progressed.'));
    else if (isProgressing(deployment.status ?? {}, status)) conditions = renewCondition(conditions, progressing('True', 'ReplicaSetUpdated', 'is progressing.'));
    else if (isTimedOut(deployment, conditions, rollout.nowMs)) conditions = setCondition(conditions, progressing('False', 'ProgressDeadlineExceeded', 'has timed out progressing.'));
  }
  const failure = replicaFailure(rollout);
  conditions = failure === undefined ? removeCondition(conditions, 'ReplicaFailure') : setCondition(conditions, failure);
  return { ...status, conditions };
}

/** All replicas are of the present template and available. */
export function isComplete(deployment: appsv1.Deployment, status: Status): boolean {
  const desired = replicasOf(deployment);
  const counts = [status.updatedReplicas, status.replicas, status.availableReplicas];
  return counts.every((value) => (value ?? 0) === desired) && (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
}

/** Milliseconds until the roll-out may have to be called stuck. */
export function untilDeadlineMs(deployment: appsv1.Deployment, status: Status, nowMs: number): number | undefined {
  const deadline = progressDeadline(deployment);
  const current = conditionOf(status, 'Progressing');
  if (deadline === undefined || current === undefined || isComplete(deployment, status) || current.reason === 'ProgressDeadlineExceeded') return undefined;
  // A second more, as times are kept in whole seconds.
  return Math.max(1_000, Date.parse(current.lastUpdateTime ?? '') + deadline * 1000 - nowMs + 1_000);
}

function isProgressing(before: Status, now: Status): boolean {
  const old = (status: Status): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const grew = (field: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): boolean => (now[field] ?? 0) > (before[field] ?? 0);
  return grew('updatedReplicas') || old(now) < old(before) || grew('readyReplicas') || grew('availableReplicas');
}

function isTimedOut(deployment: appsv1.Deployment, conditions: appsv1.DeploymentCondition[], nowMs: number): boolean {
  const deadline = progressDeadline(deployment);
  const current = conditionOf({ conditions }, 'Progressing');
  if (deadline === undefined || current === undefined || current.reason === 'NewReplicaSetAvailable') return false;
  if (current.reason === 'ProgressDeadlineExceeded') return true;
  return Date.parse(current.lastUpdateTime ?? '') + deadline * 1000 < nowMs;
}

/** A ReplicaSet that cannot make or remove pods: the new one's failure is of more interest. */
function replicaFailure({ newReplicaSet, replicaSets }: Rollout): appsv1.DeploymentCondition | undefined {
  const candidates = newReplicaSet === undefined ? replicaSets : [newReplicaSet, ...replicaSets];
  for (const { status } of candidates) {
    const failure = status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
    if (failure === undefined) continue;
    const { type, status: value, reason = '', message = '', lastTransitionTime } = failure;
    return { type, status: value, reason, message, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime, lastUpdateTime: lastTransitionTime }) };
  }
  return undefined;
}

/** Counts of 0 are left out, as the API does. */
function withoutZeros(status: Status): Status {
  const kept = Object.entries(status).filter(([name, value]) => value !== 0 || name === 'terminatingReplicas' || name === 'collisionCount');
  return Object.fromEntries(kept);
}
