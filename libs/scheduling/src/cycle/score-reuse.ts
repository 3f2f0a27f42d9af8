import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { NextBest } from './next-best';
import type { Profile } from './profile';
import type { Ranking } from './rank-nodes';
import { signPod } from './sign-pod';

/** Why what a cycle found does not tell where the next pod goes, by upstream's names. */
export type FlushReason = 'pod_skipped' | 'pod_nominated' | 'node_missing' | 'node_not_full' | 'empty_list' | 'pod_incompatible' | 'pod_not_batchable';

/** What a cycle found, for the pod after it. */
export interface LastCycle {
  readonly profile: Profile;
  readonly pod: PodInfo;
  readonly node: NodeInfo;
  /** Of the state, before the pod was placed. */
  readonly version: number;
  readonly rest: RestOfRanking;
}

/** The nodes that a cycle left, from which those after it take. */
export interface RestOfRanking {
  readonly ranking: Ranking;
  readonly chosen: number;
  /** Made when they are needed first. */
  nodes?: NextBest | undefined;
  signature?: string | undefined;
}

export interface Hint {
  readonly node: NodeInfo;
  readonly rest: RestOfRanking;
}

/**
 * Where a pod goes by what the cycle before found (KEP-5598, opportunistic batching): when the pods are alike, the node of the last is full by
 * that, and nothing else has happened, the best of the other nodes is the best now, because nothing has changed there. The cheap questions
 * come first: mostly the last node is not full, and no signature is made. Objects other than pods and nodes are not looked at: who calls forgets
 * the last cycle when they may have changed.
 */
export function hintFrom(last: LastCycle, pod: PodInfo, state: ClusterState, profile: Profile, random: () => number, fits: (node: NodeInfo) => boolean): Hint | FlushReason {
  // One placement more, by this profile, and no room that is kept for anybody.
  if (last.profile !== profile || state.version !== last.version + 1 || state.nominations.size > 0) return 'pod_skipped';
  if (pod.nominatedNode !== '') return 'pod_nominated';
  if (state.node(last.node.name) !== last.node) return 'node_missing';
  if (fits(last.node)) return 'node_not_full';
  const { rest } = last;
  rest.signature ??= signPod(last.pod, state, profile);
  if (rest.signature === undefined || scoresDependOnAll(rest.ranking)) return 'pod_not_batchable';
  if (signPod(pod, state, profile) !== rest.signature) return 'pod_incompatible';
  rest.nodes ??= new NextBest(rest.ranking, rest.chosen, random);
  const node = rest.nodes.take();
  return node === undefined ? 'empty_list' : { node, rest };
}

/** Whether a score says how a node stands among the others, and not all stand alike: without the one that is full it could be another. */
function scoresDependOnAll({ parts }: Ranking): boolean {
  return parts.some(({ relative, scores }) => relative === true && scores.some((score) => score !== scores[0]));
}
