import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';
import type { CycleObserver } from './cycle-observer';
import type { Diagnosis } from './diagnosis';
import type { Profile } from './profile';
import { chooseBest, rankNodes, type Ranking } from './rank-nodes';
import { searchNodes, type Search } from './search-nodes';

/** The outcome of a cycle, with all that was said on the way. */
export type Placement =
  | { readonly kind: 'placed'; readonly node: string; readonly search: Search; readonly ranking: Ranking }
  | { readonly kind: 'refused'; readonly diagnosis: Diagnosis; readonly search: Search };

export interface SchedulePodOptions {
  readonly profile: Profile;
  /** Where to begin among the nodes, so that all get their turn: the sum of what was examined before. */
  readonly startIndex: number;
  /** From 0 up to and without 1: chooses among equals. */
  readonly random: () => number;
  readonly observer?: CycleObserver;
}

/** Finds the node for a pod: filters, scores, the best. Pure. */
export function schedulePod(pod: PodInfo, state: ClusterState, { profile, startIndex, random, observer }: SchedulePodOptions): Placement {
  const search = searchNodes(pod, state, profile, startIndex, observer);
  return search.diagnosis === undefined ? place(search, rankFeasible(pod, state, profile, search, [], observer), random) : { kind: 'refused', diagnosis: search.diagnosis, search };
}

/** A single node needs no scores. */
export function rankFeasible(pod: PodInfo, state: ClusterState, profile: Profile, { feasible }: Pick<Search, 'feasible'>, others: Ranking['parts'] = [], observer?: CycleObserver): Ranking {
  return feasible.length === 1 ? { nodes: feasible, parts: [], totals: [0] } : rankNodes(pod, state, profile, feasible, others, observer);
}

export function place(search: Search, ranking: Ranking, random: () => number): Placement {
  return { kind: 'placed', node: ranking.nodes[chooseBest(ranking, random)]?.name ?? '', search, ranking };
}
