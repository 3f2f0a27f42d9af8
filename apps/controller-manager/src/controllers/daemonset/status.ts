import type { appsv1 } from '@navarch/api';
import { isPodAvailable, isPodReady } from '@navarch/reconcile';
import { isUpdated } from './daemon-pod';
import { nodeFit } from './node-fit';
import { podsByNode, type ObservedDaemonSet } from './sync';

/** Counts nodes, not pods; of several pods on a node the oldest counts. */
export function daemonSetStatus({ daemonSet, nodes, pods, hash, nowMs }: Omit<ObservedDaemonSet, 'backOffMs'>, collisionCount?: number): appsv1.DaemonSetStatus {
  const byNode = podsByNode(pods);
  let [desired, current, misscheduled, ready, updated, available] = [0, 0, 0, 0, 0, 0];
  for (const node of nodes) {
    const [pod] = byNode.get(node.metadata.name ?? '') ?? [];
    if (!nodeFit(daemonSet, node).run) {
      if (pod !== undefined) misscheduled++;
      continue;
    }
    desired++;
    if (pod === undefined) continue;
    current++;
    if (isPodReady(pod)) ready++;
    if (isPodAvailable(pod, daemonSet.spec?.minReadySeconds ?? 0, nowMs)) available++;
    if (isUpdated(pod, daemonSet, hash)) updated++;
  }
  const optional = { numberAvailable: available, numberUnavailable: desired - available, updatedNumberScheduled: updated };
  const { conditions } = daemonSet.status ?? {};
  return {
    currentNumberScheduled: current,
    desiredNumberScheduled: desired,
    numberMisscheduled: misscheduled,
    numberReady: ready,
    observedGeneration: daemonSet.metadata.generation ?? 0,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== 0)),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}
