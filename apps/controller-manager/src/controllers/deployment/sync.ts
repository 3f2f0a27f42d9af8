import type { appsv1 } from '@navarch/api';
import { canonicalJson } from '@navarch/reconcile';
import { REVISION, revisionOf } from './annotations';
import { condition, conditionOf, setCondition } from './conditions';
import { historyLimit, isRollingUpdate, progressDeadline, replicasOf } from './limits';
import { isScalingEvent, scaleTo } from './proportional-scaling';
import { syncRevision } from './revision';
import { Rollout, type Action, type Observed } from './rollout';
import { countedStatus, isComplete, rolloutStatus, untilDeadlineMs } from './status';
import { recreate, rollingUpdate } from './strategies';

export interface DeploymentPlan {
  readonly actions: readonly Action[];
  /** When to look again though nothing changed. */
  readonly againAfterMs?: number;
}

/** Decides the next step of a Deployment. Follows syncDeployment of upstream's pkg/controller/deployment. */
export function planDeployment(observed: Observed): DeploymentPlan {
  const { deployment } = observed;
  if (selectsEverything(deployment)) return planNothing(deployment);
  const rollout = new Rollout(observed);
  if (deployment.metadata.deletionTimestamp !== undefined) {
    syncRevision(rollout, false);
    return finish(rollout, countedStatus(rollout));
  }
  notePause(rollout);
  const isPaused = deployment.spec?.paused === true;
  if (isPaused || isScalingEvent(rollout)) {
    syncRevision(rollout, false);
    scaleTo(rollout);
    if (isPaused) cleanUp(rollout);
    return finish(rollout, countedStatus(rollout));
  }
  if (isRollingUpdate(deployment)) rollingUpdate(rollout);
  else recreate(rollout);
  const status = rolloutStatus(rollout);
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(rollout);
  return finish(rollout, status);
}

function selectsEverything({ spec }: appsv1.Deployment): boolean {
  return Object.keys(spec?.selector.matchLabels ?? {}).length === 0 && (spec?.selector.matchExpressions ?? []).length === 0;
}

function planNothing(deployment: appsv1.Deployment): DeploymentPlan {
  const actions: Action[] = [{ kind: 'event', event: { type: 'Warning', reason: 'SelectingAll', message: 'This deployment is selecting all pods. A non-empty selector is required.' } }];
  const generation = deployment.metadata.generation ?? 0;
  if ((deployment.status?.observedGeneration ?? 0) < generation) {
    actions.push({ kind: 'updateStatus', deployment: { ...deployment, status: { ...deployment.status, observedGeneration: generation } } });
  }
  return { actions };
}

/** A pause stops the clock of the progress deadline, and its end starts it anew. */
function notePause(rollout: Rollout): void {
  const { deployment } = rollout;
  const current = conditionOf({ conditions: rollout.conditions }, 'Progressing');
  if (progressDeadline(deployment) === undefined || current?.reason === 'ProgressDeadlineExceeded') return;
  const wasPaused = current?.reason === 'DeploymentPaused';
  const isPaused = deployment.spec?.paused === true;
  if (isPaused === wasPaused) return;
  const [reason, message] = isPaused ? ['DeploymentPaused', 'Deployment is paused'] : ['DeploymentResumed', 'Deployment is resumed'];
  rollout.conditions = setCondition(rollout.conditions, condition('Progressing', 'Unknown', reason, message, rollout.now));
}

/** Removes the oldest ReplicaSets that are beyond the history to be kept. */
function cleanUp(rollout: Rollout): void {
  const limit = historyLimit(rollout.deployment);
  if (limit === undefined) return;
  const old = rollout.oldReplicaSets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const oldestFirst = [...old].sort((a, b) => Number(revisionOf(a) - revisionOf(b)));
  for (const replicaSet of oldestFirst.slice(0, Math.max(0, old.length - limit))) {
    const { metadata, status } = replicaSet;
    const isInUse = (status?.replicas ?? 0) !== 0 || replicasOf(replicaSet) !== 0 || (metadata.generation ?? 0) > (status?.observedGeneration ?? 0);
    if (!isInUse) rollout.delete(replicaSet);
  }
}

function finish(rollout: Rollout, status: appsv1.DeploymentStatus): DeploymentPlan {
  const { deployment, revision } = rollout;
  const actions = rollout.actions();
  const revisionChanged = revision !== undefined && deployment.metadata.annotations?.[REVISION] !== revision;
  if (revisionChanged || canonicalJson(status) !== canonicalJson(deployment.status ?? {})) {
    const metadata = revisionChanged ? { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [REVISION]: revision } } : deployment.metadata;
    actions.push({ kind: 'updateStatus', deployment: { ...deployment, metadata, status } });
  }
  const againAfterMs = untilDeadlineMs(deployment, status, rollout.nowMs);
  return againAfterMs === undefined ? { actions } : { actions, againAfterMs };
}
