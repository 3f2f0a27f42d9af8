import type { corev1, KubeObject } from '@navarch/api';
import type { Informer } from '@navarch/client';
import { isTerminal, podInfo, type ClusterState, type EventName } from '@navarch/scheduling';
import type { SchedulingQueue } from '../queue/scheduling-queue';
import type { SchedulerInformers } from '../scheduler-informers';
import { nodeChanges, ownChanges, placedChanges } from './pod-changes';

export interface FollowTargets {
  readonly state: ClusterState;
  readonly queue: SchedulingQueue;
  /** Whether one of our profiles schedules the pod. */
  readonly isOurs: (pod: corev1.Pod) => boolean;
  /** A pod is gone or bound: whoever holds something for it may let go. */
  readonly onSettled: (uid: string) => void;
  /** Any object but a pod or node has changed. */
  readonly onObject: () => void;
}

const nodeNameOf = (pod: corev1.Pod): string => pod.spec?.nodeName ?? '';
const nominationOf = (pod: corev1.Pod): string => pod.status?.nominatedNodeName ?? '';
const uidOf = (pod: corev1.Pod): string => pod.metadata.uid ?? '';

/** Keeps the cluster's state and the queue level with the caches. Returns a function that ends it. */
export function follow(informers: SchedulerInformers, targets: FollowTargets): () => void {
  const { state, queue, onObject } = targets;
  const endings = [
    informers.nodes.addHandler({
      onAdd: (node) => {
        state.setNode(node);
        queue.onEvent({ name: 'NodeAdd', after: node });
      },
      onUpdate: (before, after) => {
        state.setNode(after);
        for (const event of nodeChanges(before, after)) queue.onEvent(event);
      },
      onDelete: (node) => {
        state.removeNode(node.metadata.name ?? '');
        queue.onEvent({ name: 'NodeDelete', before: node });
      },
    }),
    informers.namespaces.addHandler({
      onAdd: (namespace) => state.setNamespace(namespace),
      onUpdate: (before, after) => {
        if (JSON.stringify(before.metadata.labels) === JSON.stringify(after.metadata.labels)) return;
        state.setNamespace(after);
        queue.onEvent({ name: 'NamespaceUpdate', before, after });
      },
      onDelete: (namespace) => state.removeNamespace(namespace.metadata.name ?? ''),
    }),
    followPods(informers.pods, targets),
    ...objectEvents(informers).map(([informer, added, updated, deleted]) => informer.addHandler({
      onAdd: (after) => {
        onObject();
        if (added !== undefined) queue.onEvent({ name: added, after });
      },
      onUpdate: (before, after) => {
        onObject();
        if (updated !== undefined) queue.onEvent({ name: updated, before, after });
      },
      onDelete: (before) => {
        onObject();
        if (deleted !== undefined) queue.onEvent({ name: deleted, before });
      },
    })),
  ];
  return () => {
    for (const end of endings) end();
  };
}

type ObjectEvents = readonly [informer: Pick<Informer<KubeObject>, 'addHandler'>, added?: EventName, updated?: EventName, deleted?: EventName];

/** What changes of other objects are called. */
function objectEvents({ objects }: SchedulerInformers): ObjectEvents[] {
  return [
    [objects.volumes, 'PersistentVolumeAdd', 'PersistentVolumeUpdate'],
    [objects.claims, 'PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate'],
    [objects.storageClasses, 'StorageClassAdd', 'StorageClassUpdate'],
    [objects.csiNodes, 'CSINodeAdd', 'CSINodeUpdate'],
    [objects.csiDrivers, 'CSIDriverAdd', 'CSIDriverUpdate'],
    [objects.storageCapacities, 'CSIStorageCapacityAdd', 'CSIStorageCapacityUpdate'],
    [objects.volumeAttachments, undefined, undefined, 'VolumeAttachmentDelete'],
    [objects.resourceClaims, 'ResourceClaimAdd', 'ResourceClaimUpdate', 'ResourceClaimDelete'],
    [objects.deviceClasses, 'DeviceClassAdd', 'DeviceClassUpdate'],
    [objects.resourceSlices, 'ResourceSliceAdd', 'ResourceSliceUpdate'],
    // A rule shows as a change of the devices that it selects.
    ...(objects.deviceTaintRules === undefined ? [] : [[objects.deviceTaintRules, 'ResourceSliceUpdate', 'ResourceSliceUpdate', 'ResourceSliceUpdate'] as const]),
    ...(objects.podGroups === undefined ? [] : [[objects.podGroups, 'PodGroupAdd', 'PodGroupUpdate'] as const]),
  ] as ObjectEvents[];
}

function followPods(pods: Informer<corev1.Pod>, { state, queue, isOurs, onSettled }: FollowTargets): () => void {
  /** Room was kept for this pod and is not any more: those that had to respect it may go on. It had not, and may have been refused just now. */
  const denominated = (pod: corev1.Pod): void => {
    const [uid, priority] = [uidOf(pod), pod.spec?.priority ?? 0];
    if (nominationOf(pod) !== '') queue.onEvent({ name: 'AssignedPodDelete', before: pod }, (other) => other.uid !== uid && other.priority <= priority);
  };
  const gone = (pod: corev1.Pod): void => {
    const uid = uidOf(pod);
    queue.remove(uid);
    state.nominations.delete(uid);
    state.gangs.remove(uid);
    onSettled(uid);
    if (!state.isPlaced(uid)) {
      denominated(pod);
      return;
    }
    state.removePod(uid);
    queue.onEvent({ name: 'AssignedPodDelete', before: pod });
  };
  const changed = (pod: corev1.Pod, before: corev1.Pod | undefined): void => {
    const uid = uidOf(pod);
    if (isTerminal(pod)) {
      gone(pod);
      return;
    }
    if (nodeNameOf(pod) !== '') {
      queue.remove(uid);
      state.nominations.delete(uid);
      state.gangs.add(pod);
      const wasBound = before !== undefined && nodeNameOf(before) !== '' && state.isPlaced(uid);
      state.setPod(pod);
      if (wasBound) for (const event of placedChanges(before, pod)) queue.onEvent(event);
      else {
        onSettled(uid);
        queue.onEvent({ name: 'AssignedPodAdd', after: pod });
      }
      return;
    }
    // One that is on its way out needs no node; an assumed one is on its way to a node: nothing to decide any more.
    if (pod.metadata.deletionTimestamp !== undefined) {
      gone(pod);
      return;
    }
    if (!isOurs(pod)) return;
    const nominated = nominationOf(pod);
    const info = podInfo(pod);
    if (nominated !== '' && !state.isPlaced(uid)) state.nominations.set(info, nominated);
    // Taken back, by whomever; one that has been decided since then and is not written yet stays.
    else if (before !== undefined && nominationOf(before) !== '' && state.nominations.nodeOf(info) === nominationOf(before)) state.nominations.delete(uid);
    if (state.isPlaced(uid)) return;
    if (before !== undefined && queue.has(uid)) {
      queue.update(info, ownChanges(before, pod));
      if (nominationOf(before) !== nominated) denominated(before);
      return;
    }
    state.gangs.add(pod);
    queue.add(info);
    queue.onEvent({ name: 'UnscheduledPodAdd', after: pod });
  };
  return pods.addHandler({ onAdd: (pod) => changed(pod, undefined), onUpdate: (before, pod) => changed(pod, before), onDelete: gone });
}
