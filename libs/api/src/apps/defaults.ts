import type { appsv1 } from '../gen';
import { defaultPersistentVolumeClaim } from '../core/persistent-volume-claim/defaults';
import { defaultPodTemplate } from '../core/pod/defaults';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

export function defaultDeployment(deployment: Loose<appsv1.Deployment>): void {
  const spec = (deployment.spec ??= {});
  deployment.status ??= {};
  spec.replicas ??= 1;
  const strategy = (spec.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rolling = (strategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= '25%';
    rolling.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  defaultPodTemplate((spec.template ??= {}));
}

export function defaultReplicaSet(replicaSet: Loose<appsv1.ReplicaSet>): void {
  const spec = (replicaSet.spec ??= {});
  (replicaSet.status ??= {}).replicas ??= 0;
  spec.replicas ??= 1;
  defaultPodTemplate((spec.template ??= {}));
}

export function defaultStatefulSet(set: Loose<appsv1.StatefulSet>): void {
  const spec = (set.spec ??= {});
  const status = (set.status ??= {});
  status.replicas ??= 0;
  status.availableReplicas ??= 0;
  spec.podManagementPolicy ||= 'OrderedReady';
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') (strategy.rollingUpdate ??= {}).partition ??= 0;
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  defaultPodTemplate((spec.template ??= {}));
  for (const claim of list(spec.volumeClaimTemplates)) {
    claim.apiVersion = 'v1';
    claim.kind = 'PersistentVolumeClaim';
    defaultPersistentVolumeClaim(claim);
  }
}

export function defaultDaemonSet(set: Loose<appsv1.DaemonSet>): void {
  const spec = (set.spec ??= {});
  const status = (set.status ??= {});
  status.currentNumberScheduled ??= 0;
  status.numberMisscheduled ??= 0;
  status.desiredNumberScheduled ??= 0;
  status.numberReady ??= 0;
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rolling = (strategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= 1;
    rolling.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  defaultPodTemplate((spec.template ??= {}));
}

export const appsDefaults: Defaulters = {
  'apps/v1/Deployment': defaulter(defaultDeployment),
  'apps/v1/ReplicaSet': defaulter(defaultReplicaSet),
  'apps/v1/StatefulSet': defaulter(defaultStatefulSet),
  'apps/v1/DaemonSet': defaulter(defaultDaemonSet),
};
