import { schedulerv1 } from '@navarch/proto';
import { always, maxNodeScore, normalizeToMax, type ClusterState, type NodeInfo, type PodInfo, type QueueingHint, type SchedulerPlugin } from '@navarch/scheduling';

const { ExtensionPoint, ScoreNormalization } = schedulerv1;

/** What metrics call the points. */
export const pointNames: Readonly<Record<schedulerv1.ExtensionPoint, string>> = {
  [ExtensionPoint.UNSPECIFIED]: '', [ExtensionPoint.PRE_FILTER]: 'PreFilter', [ExtensionPoint.FILTER]: 'Filter', [ExtensionPoint.POST_FILTER]: 'PostFilter', [ExtensionPoint.SCORE]: 'Score',
  [ExtensionPoint.RESERVE]: 'Reserve', [ExtensionPoint.PERMIT]: 'Permit', [ExtensionPoint.PRE_BIND]: 'PreBind', [ExtensionPoint.POST_BIND]: 'PostBind',
};

export const podBytes = ({ pod }: PodInfo): Buffer => Buffer.from(JSON.stringify(pod));

/** @param whole with the Node itself */
export function nodeState(info: NodeInfo, whole: boolean): schedulerv1.NodeState {
  const { milliCpu, memory, ephemeralStorage, scalar } = info.requested;
  const requested: [string, number][] = [['cpu', milliCpu], ['memory', memory], ['ephemeral-storage', ephemeralStorage], ...scalar];
  return {
    name: info.name,
    node: whole ? Buffer.from(JSON.stringify(info.node)) : Buffer.alloc(0),
    requested: Object.fromEntries(requested.map(([name, amount]) => [name, BigInt(Math.round(amount))])),
  };
}

/** Scores from 0 to 100. */
export function normalized(scores: readonly number[], normalization = ScoreNormalization.UNSPECIFIED): readonly number[] {
  if (normalization === ScoreNormalization.UNSPECIFIED) return scores.map((score) => Math.min(score, maxNodeScore));
  const scaled = Float64Array.from(scores);
  normalizeToMax(scaled, normalization === ScoreNormalization.TO_MAX_REVERSED);
  return [...scaled];
}

/** Each of the events can help a pod that was refused, as far as `hint` does not say no; undefined: any event can. */
export function hintsOf(events: readonly string[], hint: QueueingHint = always): SchedulerPlugin['hints'] | undefined {
  return events.length === 0 ? undefined : Object.fromEntries(events.map((name) => [name, hint]));
}

/** @throws when the pod is not on that node */
export function podOn(nodeName: string, uid: string, state: ClusterState): PodInfo {
  const pod = [...(state.node(nodeName)?.pods.values() ?? [])].find((other) => other.uid === uid);
  if (pod === undefined) throw new Error(`PostFilter: pod ${uid} is not on node "${nodeName}"`);
  return pod;
}
