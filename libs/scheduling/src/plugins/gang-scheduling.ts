import { always, type QueueingHint, type SchedulerPlugin } from '../framework';
import { gangOf } from '../state/pod-gangs';

/** How long the first pods of a gang hold their places for the last. */
const defaultTimeoutMs = 5 * 60_000;

const sameGang: QueueingHint = (pod, { after }) => after !== undefined && gangKey(pod.namespace, gangOf(pod)) === gangKey(after.metadata.namespace ?? '', gangOf({ pod: after }));
const gangKey = (namespace: string, gang: string | undefined): string | undefined => (gang === undefined ? undefined : `${namespace}/${gang}`);

/**
 * All pods of a group or none. Opt-in: a pod's `spec.schedulingGroup` names a PodGroup (scheduling.k8s.io), or its label
 * `scheduling.x-k8s.io/pod-group` a group whose least size its annotation `scheduling.navarch.io/min-count` says.
 */
export function gangScheduling({ timeoutSeconds }: { readonly timeoutSeconds?: number } = {}): SchedulerPlugin {
  const timeoutMs = timeoutSeconds === undefined ? defaultTimeoutMs : timeoutSeconds * 1000;
  return {
    name: 'GangScheduling',
    hints: { UnscheduledPodAdd: sameGang, PodGroupAdd: always, AssignedPodAdd: sameGang, AssignedPodDelete: always, NodeAdd: always },
    preEnqueue: (pod, state) => {
      const gang = state.gangs.of(pod);
      if (gang === undefined) return undefined;
      if (gang.minCount === undefined) return `waiting for the pod group "${gang.name}" to be created`;
      const known = gang.members.size;
      return known >= gang.minCount ? undefined : `waiting for ${gang.minCount - known} more pod(s) of the pod group "${gang.name}"`;
    },
    permit: (pod, _node, state) => {
      const gang = state.gangs.of(pod);
      if (gang?.minCount === undefined) return { kind: 'allow' };
      const placed = [...gang.members].filter((uid) => state.isPlaced(uid) || uid === pod.uid);
      return placed.length >= gang.minCount ? { kind: 'allow', allow: placed } : { kind: 'wait', timeoutMs };
    },
  };
}
