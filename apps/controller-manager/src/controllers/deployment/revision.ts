import { apps, type appsv1 } from '@navarch/api';
import { controllerReference, podTemplateHash, POD_TEMPLATE_HASH } from '@navarch/reconcile';
import { newReplicaSetAnnotations, nextRevision, REVISION } from './annotations';
import { condition, conditionOf, setCondition } from './conditions';
import { isRollingUpdate, maxSurge, progressDeadline, replicasOf } from './limits';
import { scaleAnnotations, totalReplicas, type Rollout } from './rollout';

/** How many replicas the newest ReplicaSet may have now. */
export function sizeOfNew(rollout: Rollout, current: number): number {
  const { deployment } = rollout;
  const desired = replicasOf(deployment);
  if (!isRollingUpdate(deployment)) return desired;
  const room = desired + maxSurge(deployment) - totalReplicas(rollout.replicaSets);
  return room <= 0 ? current : current + Math.min(room, desired - current);
}

/**
 * Sees to the newest ReplicaSet: its revision, its annotations, and, if `create` is set, that there is one.
 * Follows getNewReplicaSet of upstream's pkg/controller/deployment/sync.go.
 */
export function syncRevision(rollout: Rollout, create: boolean): void {
  const { deployment, newReplicaSet } = rollout;
  const revision = nextRevision(rollout.oldReplicaSets);
  const progressing = conditionOf({ conditions: rollout.conditions }, 'Progressing');
  const hasDeadline = progressDeadline(deployment) !== undefined;
  if (newReplicaSet !== undefined) {
    const existing = updateNew(rollout, newReplicaSet, revision);
    rollout.revision = existing.metadata.annotations?.[REVISION];
    if (hasDeadline && progressing === undefined) note(rollout, 'FoundNewReplicaSet', `Found new replica set "${existing.metadata.name ?? ''}"`);
  } else if (create) {
    const created = newReplicaSetOf(rollout, revision);
    rollout.create(created);
    rollout.revision = String(revision);
    if (hasDeadline) note(rollout, 'NewReplicaSetCreated', `Created new replica set "${created.metadata.name ?? ''}"`);
  }
}

function note(rollout: Rollout, reason: string, message: string): void {
  rollout.conditions = setCondition(rollout.conditions, condition('Progressing', 'True', reason, message, rollout.now));
}

function updateNew(rollout: Rollout, replicaSet: appsv1.ReplicaSet, revision: bigint): appsv1.ReplicaSet {
  const { deployment } = rollout;
  const current = replicaSet.metadata.annotations ?? {};
  const annotations = newReplicaSetAnnotations(deployment, current, revision);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  if (annotations === current && (replicaSet.spec?.minReadySeconds ?? 0) === minReadySeconds) return replicaSet;
  return rollout.change(replicaSet, {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations: { ...annotations } },
    spec: { ...replicaSet.spec, minReadySeconds } as appsv1.ReplicaSetSpec,
  });
}

/** As long as a name may be. */
const maxNameLength = 253;

/** The hash stays whole: of a name that is too long for both, the end is left out. */
const replicaSetName = (deployment: string, hash: string): string => `${deployment.slice(0, maxNameLength - 1 - hash.length)}-${hash}`;

/** The ReplicaSet for the Deployment's present template, named by the template's hash. */
function newReplicaSetOf(rollout: Rollout, revision: bigint): appsv1.ReplicaSet {
  const { deployment } = rollout;
  const { template, selector, minReadySeconds } = deployment.spec ?? { template: {}, selector: {} };
  const hash = podTemplateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  return {
    metadata: {
      name: replicaSetName(deployment.metadata.name ?? '', hash),
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: { ...newReplicaSetAnnotations(deployment, {}, revision), ...scaleAnnotations(deployment) },
      ownerReferences: [controllerReference(apps.deployments, deployment)],
    },
    spec: {
      replicas: sizeOfNew(rollout, 0),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
