import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import type { CycleObserver } from './cycle-observer';
import type { Profile } from './profile';

/** What one plug-in says of the feasible nodes, in their order: 0 to 100 each. */
export interface PluginScores {
  readonly plugin: string;
  readonly weight: number;
  readonly scores: readonly number[];
  /** They say how the nodes stand among each other. */
  readonly relative?: boolean;
}

export interface Ranking {
  readonly nodes: readonly NodeInfo[];
  readonly parts: readonly PluginScores[];
  readonly totals: readonly number[];
}

/** Where raw scores are worked out: small arrays are cheap to make, typed ones are not. Used within one call only. */
let scratch = new Float64Array(1024);

function rawScores(length: number): Float64Array {
  if (scratch.length < length) scratch = new Float64Array(length * 2);
  return scratch.subarray(0, length).fill(0);
}

/** PreScore, Score and NormalizeScore of all plug-ins for the feasible nodes. Pure, but for what it tells the observer. */
export function rankNodes(pod: PodInfo, state: ClusterState, profile: Profile, nodes: readonly NodeInfo[], others: readonly PluginScores[] = [], observer?: CycleObserver): Ranking {
  const totals = new Array<number>(nodes.length).fill(0);
  const parts: PluginScores[] = [];
  let [preScoreMs, scoreMs] = [0, 0];
  for (const { plugin, weight } of profile.score) {
    const asked = observer?.now() ?? 0;
    const scorer = plugin.preScore?.(pod, state, nodes);
    const scoring = observer?.now() ?? 0;
    preScoreMs += scoring - asked;
    observer?.plugin?.(plugin.name, 'PreScore', scoring - asked, scorer === undefined ? 'Skip' : 'Success');
    if (scorer === undefined) continue;
    const raw = rawScores(nodes.length);
    if (scorer.scoreAll === undefined) for (let index = 0; index < nodes.length; index++) raw[index] = scorer.score(nodes[index] as NodeInfo);
    else scorer.scoreAll(nodes, raw);
    scorer.normalize?.(raw, nodes);
    const scores = new Array<number>(nodes.length);
    for (let index = 0; index < nodes.length; index++) {
      const score = raw[index] as number;
      scores[index] = score;
      totals[index] = (totals[index] as number) + weight * score;
    }
    parts.push({ plugin: plugin.name, weight, scores, relative: scorer.normalize !== undefined });
    if (observer === undefined) continue;
    const tookMs = observer.now() - scoring;
    scoreMs += tookMs;
    observer.evaluated(plugin.name, 'Score');
    observer.plugin?.(plugin.name, 'Score', tookMs, 'Success');
  }
  observer?.point('PreScore', preScoreMs, 'Success');
  observer?.point('Score', scoreMs, 'Success');
  for (const part of others) {
    parts.push(part);
    for (let index = 0; index < nodes.length; index++) totals[index] = (totals[index] as number) + part.weight * (part.scores[index] as number);
  }
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
