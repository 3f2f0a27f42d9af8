import type { appsv1 } from '@navarch/api';
import { podRevisionOf, replicasOf } from './identity';
import { isRunningAndAvailable, isRunningAndReady, isTerminating } from './pod-state';
import type { ObservedStatefulSet } from './sync';

/** What the status should say; a roll-out that is over makes the update revision the current one. */
export function statefulSetStatus({ statefulSet: set, pods, currentRevision, updateRevision, nowMs }: ObservedStatefulSet, collisionCount: number): appsv1.StatefulSetStatus {
  const [current = '', update = ''] = [currentRevision.metadata.name, updateRevision.metadata.name];
  const staying = pods.filter((pod) => !isTerminating(pod));
  const of = (revision: string): number => staying.filter((pod) => podRevisionOf(pod) === revision).length;
  const counts = {
    replicas: pods.length,
    readyReplicas: pods.filter(isRunningAndReady).length,
    availableReplicas: pods.filter((pod) => isRunningAndAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length,
    currentReplicas: of(current),
    updatedReplicas: of(update),
  };
  const isRolling = (set.spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
  const isComplete = isRolling && [counts.updatedReplicas, counts.replicas, counts.readyReplicas].every((count) => count === replicasOf(set));
  const { conditions } = set.status ?? {};
  const optional = { readyReplicas: counts.readyReplicas, currentReplicas: isComplete ? counts.updatedReplicas : counts.currentReplicas, updatedReplicas: counts.updatedReplicas };
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: counts.replicas,
    availableReplicas: counts.availableReplicas,
    ...Object.fromEntries(Object.entries(optional).filter(([, count]) => count !== 0)),
    currentRevision: isComplete ? update : current,
    updateRevision: update,
    collisionCount,
    ...(conditions === undefined ? {} : { conditions }),
  };
}
