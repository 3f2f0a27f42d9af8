import type { ClusterState } from './cluster-state';
import type { NodeInfo } from './node-info';
import type { PodInfo } from './pod-info';

/** Why a node cannot take a pod, as it appears in events, counted per reason. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** Removing pods from the node would not help. */
  readonly unresolvable: boolean;
}

export const refusal = (reason: string, unresolvable = false): Refusal => ({ reasons: [reason], unresolvable });

/** Scores from 0 to this. */
export const maxNodeScore = 100;

/** Something that can make a refused pod schedulable. */
export type ClusterEvent = 'NodeAdd' | 'NodeUpdate' | 'PodDelete' | 'PodUpdate' | 'PodAdd' | 'NamespaceUpdate';

/**
 * A filter as prepared for one pod: called once for each node. `undefined` is yes.
 */
export type NodeFilter = (node: NodeInfo) => Refusal | undefined;

/** A score as prepared for one pod and the nodes that passed; `normalize` sees all raw scores and changes them in place. */
export interface NodeScorer {
  score(node: NodeInfo): number;
  normalize?(scores: Float64Array): void;
}

/** The pod cannot be scheduled anywhere, whatever the node. */
export interface PreFilterRefusal {
  readonly refused: string;
}

/**
 * One plug-in: pure functions over the cluster's state. `undefined` from a prepare step means the plug-in has nothing to say about
 * this pod and is skipped for all nodes.
 */
export interface SchedulerPlugin {
  readonly name: string;
  /** Upstream's PreFilter: looks at the pod once, answers the Filter. */
  prepareFilter?(pod: PodInfo, state: ClusterState): NodeFilter | PreFilterRefusal | undefined;
  /** Upstream's PreScore: looks at the pod and the feasible nodes once, answers the Score. */
  prepareScore?(pod: PodInfo, state: ClusterState, nodes: readonly NodeInfo[]): NodeScorer | undefined;
  /** What can help a pod that this plug-in refused. */
  readonly events?: readonly ClusterEvent[];
}

/** Scales scores so that the greatest is maxNodeScore; reversed: the smallest is best. */
export function normalizeToMax(scores: Float64Array, reverse: boolean): void {
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  if (max === 0) {
    if (reverse) scores.fill(maxNodeScore);
    return;
  }
  for (let index = 0; index < scores.length; index++) {
    const scaled = Math.trunc((maxNodeScore * (scores[index] as number)) / max);
    scores[index] = reverse ? maxNodeScore - scaled : scaled;
  }
}
