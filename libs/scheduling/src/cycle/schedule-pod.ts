import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import type { CycleObserver } from './cycle-observer';
import type { Diagnosis } from './diagnosis';
import type { Profile } from './profile';
import { chooseBest, rankNodes, type Ranking } from './rank-nodes';
import { hintFrom, type LastCycle } from './score-reuse';
import { searchNodes, type Search } from './search-nodes';

/** The outcome of a cycle, with all that was said on the way. */
export type Placement =
  | { readonly kind: 'placed'; readonly node: string; readonly search: Search; readonly ranking: Ranking; /** For the next pod; see score-reuse.ts. */ readonly cycle?: LastCycle }
  | { readonly kind: 'refused'; readonly diagnosis: Diagnosis; readonly search: Search };

export interface SchedulePodOptions {
  readonly profile: Profile;
  /** Where to begin among the nodes, so that all get their turn: the sum of what was examined before. */
  readonly startIndex: number;
  /** From 0 up to and without 1: chooses among equals. */
  readonly random: () => number;
  readonly observer?: CycleObserver;
  /** What the cycle before this one found, if since then its pod was placed and no object but pods and nodes has changed. */
  readonly last?: LastCycle | undefined;
}

/** Finds the node for a pod: filters, scores, the best. Pure. */
export function schedulePod(pod: PodInfo, state: ClusterState, { profile, startIndex, random, observer, last }: SchedulePodOptions): Placement {
  const { version } = state;
  const search = searchNodes(pod, state, profile, startIndex, { observer, last: last && ((fits) => hintFrom(last, pod, state, profile, random, fits)) });
  if (search.diagnosis !== undefined) return { kind: 'refused', diagnosis: search.diagnosis, search };
  const ranking = rankFeasible(pod, state, profile, search, [], observer);
  const chosen = chooseBest(ranking, random);
  const node = ranking.nodes[chosen] as NodeInfo;
  const rest = search.rest ?? (ranking.nodes.length > 1 ? { ranking, chosen } : undefined);
  return { kind: 'placed', node: node.name, search, ranking, ...(rest === undefined ? {} : { cycle: { profile, pod, node, version, rest } }) };
}

/** A single node needs no scores. */
export function rankFeasible(pod: PodInfo, state: ClusterState, profile: Profile, { feasible }: Pick<Search, 'feasible'>, others: Ranking['parts'] = [], observer?: CycleObserver): Ranking {
  return feasible.length === 1 ? { nodes: feasible, parts: [], totals: [0] } : rankNodes(pod, state, profile, feasible, others, observer);
}

export function place(search: Search, ranking: Ranking, random: () => number): Placement {
  return { kind: 'placed', node: ranking.nodes[chooseBest(ranking, random)]?.name ?? '', search, ranking };
}
