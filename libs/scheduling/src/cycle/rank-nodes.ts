import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import type { Profile } from './profile';

/** What one plug-in says of the feasible nodes, in their order: 0 to 100 each. */
export interface PluginScores {
  readonly plugin: string;
  readonly weight: number;
  readonly scores: ArrayLike<number>;
}

export interface Ranking {
  readonly nodes: readonly NodeInfo[];
  readonly parts: readonly PluginScores[];
  readonly totals: Float64Array;
}

/** PreScore, Score and NormalizeScore of all plug-ins for the feasible nodes. Pure. */
export function rankNodes(pod: PodInfo, state: ClusterState, profile: Profile, nodes: readonly NodeInfo[], others: readonly PluginScores[] = []): Ranking {
  const totals = new Float64Array(nodes.length);
  const parts: PluginScores[] = [];
  const add = (part: PluginScores): void => {
    parts.push(part);
    const { scores, weight } = part;
    for (let index = 0; index < totals.length; index++) totals[index] = (totals[index] as number) + weight * (scores[index] as number);
  };
  for (const { plugin, weight } of profile.score) {
    const scorer = plugin.preScore?.(pod, state, nodes);
    if (scorer === undefined) continue;
    const scores = new Float64Array(nodes.length);
    if (scorer.scoreAll === undefined) for (let index = 0; index < nodes.length; index++) scores[index] = scorer.score(nodes[index] as NodeInfo);
    else scorer.scoreAll(nodes, scores);
    scorer.normalize?.(scores, nodes);
    add({ plugin: plugin.name, weight, scores });
  }
  for (const part of others) add(part);
  return { nodes, parts, totals };
}

/** The best; among equals each has the same chance. */
export function chooseBest({ totals }: Ranking, random: () => number): number {
  let best = 0;
  let ties = 1;
  for (let index = 1; index < totals.length; index++) {
    const difference = (totals[index] as number) - (totals[best] as number);
    if (difference > 0) {
      best = index;
      ties = 1;
    } else if (difference === 0 && random() < 1 / ++ties) best = index;
  }
  return best;
}
