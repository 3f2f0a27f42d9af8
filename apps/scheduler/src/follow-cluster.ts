import type { corev1 } from '@navarch/api';
import type { Informer } from '@navarch/client';
import { isTerminal, podInfo, type ClusterState } from '@navarch/scheduling';
import type { SchedulingQueue } from './scheduling-queue';

export interface FollowedCaches {
  readonly pods: Informer<corev1.Pod>;
  readonly nodes: Informer<corev1.Node>;
  readonly namespaces: Informer<corev1.Namespace>;
}

export interface FollowTargets {
  readonly state: ClusterState;
  readonly queue: SchedulingQueue;
  readonly schedulerName: string;
}

/** Keeps the cluster's state and the queue level with the caches. Returns a function that ends it. */
export function follow({ pods, nodes, namespaces }: FollowedCaches, { state, queue, schedulerName }: FollowTargets): () => void {
  const isOurs = (pod: corev1.Pod): boolean => (pod.spec?.schedulerName ?? 'default-scheduler') === schedulerName;
  const isWaiting = (pod: corev1.Pod): boolean => (pod.spec?.nodeName ?? '') === '' && !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

  const onPod = (pod: corev1.Pod, previous: corev1.Pod | undefined): void => {
    const uid = pod.metadata.uid ?? '';
    if (!isWaiting(pod)) {
      queue.remove(uid);
      const wasPlaced = state.isPlaced(uid);
      state.setPod(pod);
      if (wasPlaced && !state.isPlaced(uid)) queue.onEvent('PodDelete');
      else queue.onEvent(wasPlaced ? 'PodUpdate' : 'PodAdd');
      return;
    }
    // An assumed pod is on its way to a node: nothing to decide any more.
    if (!isOurs(pod) || state.isPlaced(uid)) return;
    if (previous !== undefined && queue.has(uid) && sameForScheduling(previous, pod)) queue.refresh(podInfo(pod));
    else queue.add(podInfo(pod));
  };

  const endings = [
    nodes.addHandler({
      onAdd: (node) => {
        state.setNode(node);
        queue.onEvent('NodeAdd');
      },
      onUpdate: (previous, node) => {
        state.setNode(node);
        if (!sameNode(previous, node)) queue.onEvent('NodeUpdate');
      },
      onDelete: (node) => state.removeNode(node.metadata.name ?? ''),
    }),
    namespaces.addHandler({
      onAdd: (namespace) => state.setNamespace(namespace),
      onUpdate: (_previous, namespace) => {
        state.setNamespace(namespace);
        queue.onEvent('NamespaceUpdate');
      },
      onDelete: (namespace) => state.removeNamespace(namespace.metadata.name ?? ''),
    }),
    pods.addHandler({
      onAdd: (pod) => onPod(pod, undefined),
      onUpdate: (previous, pod) => onPod(pod, previous),
      onDelete: (pod) => {
        const uid = pod.metadata.uid ?? '';
        queue.remove(uid);
        if (!state.isPlaced(uid)) return;
        state.removePod(uid);
        queue.onEvent('PodDelete');
      },
    }),
  ];
  return () => {
    for (const end of endings) end();
  };
}

/** Whether a change of a waiting pod leaves its chances as they were: only its status or bookkeeping changed. */
function sameForScheduling(a: corev1.Pod, b: corev1.Pod): boolean {
  return JSON.stringify([a.spec, a.metadata.labels, a.metadata.annotations]) === JSON.stringify([b.spec, b.metadata.labels, b.metadata.annotations]);
}

/** Nodes change every few seconds by their conditions' heartbeats; only this much matters to a refused pod. */
function sameNode(a: corev1.Node, b: corev1.Node): boolean {
  return JSON.stringify([a.metadata.labels, a.spec, a.status?.allocatable]) === JSON.stringify([b.metadata.labels, b.spec, b.status?.allocatable]);
}
