import { always, type QueueingHint, type SchedulerPlugin } from '../framework';
import { gangOf } from '../state/pod-gangs';

/** How long those of a gang that have a place hold it for those for whom room is being made. */
const defaultTimeoutMs = 5 * 60_000;

const sameGang: QueueingHint = (pod, { after }) => after !== undefined && gangKey(pod.namespace, gangOf(pod)) === gangKey(after.metadata.namespace ?? '', gangOf({ pod: after }));
const gangKey = (namespace: string, gang: string | undefined): string | undefined => (gang === undefined ? undefined : `${namespace}/${gang}`);

/**
 * All pods of a group or none; the scheduler tries those that wait in one cycle (apps/scheduler/src/gangs). Opt-in: a pod's `spec.schedulingGroup` names a PodGroup (scheduling.k8s.io), or its label
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
      if (gang.minCount === undefined) return `waiting for pod's pod group "${gang.name}" to appear in scheduling queue`;
      return gang.members.size >= gang.minCount ? undefined : 'waiting for minCount pods from a gang to appear in scheduling queue';
    },
    permit: (pod, _node, state) => {
      const gang = state.gangs.of(pod);
      if (gang?.minCount === undefined) return { kind: 'allow' };
      const placed = [...gang.members].filter((uid) => state.isPlaced(uid) || uid === pod.uid);
      return placed.length >= gang.minCount ? { kind: 'allow', allow: placed } : { kind: 'wait', timeoutMs };
    },
  };
}
