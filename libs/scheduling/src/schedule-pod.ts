import type { ClusterState } from './cluster-state';
import { diagnose, type Diagnosis } from './diagnosis';
import type { NodeFilter } from './framework';
import type { NodeInfo } from './node-info';
import type { WeightedPlugin } from './plugin-table';
import type { PodInfo } from './pod-info';

/** At least this many feasible nodes are looked for before scoring. */
const minFeasibleNodes = 100;
const minPercentage = 5;

export type Placement = { readonly kind: 'placed'; readonly node: string; readonly score: number; readonly feasible: number } | { readonly kind: 'refused'; readonly diagnosis: Diagnosis };

export interface SchedulePodOptions {
  readonly plugins: readonly WeightedPlugin[];
  /** Where to begin among the nodes, so that all get their turn; see `Placement`. */
  readonly startIndex: number;
  /** From 0 up to and without 1: chooses among equals. */
  readonly random: () => number;
}

/** Of large clusters only a part is searched: enough nodes to choose from (upstream's numFeasibleNodesToFind). */
export function feasibleNodesToFind(nodes: number): number {
  if (nodes < minFeasibleNodes) return nodes;
  const percentage = Math.max(50 - Math.trunc(nodes / 125), minPercentage);
  return Math.max(Math.trunc((nodes * percentage) / 100), minFeasibleNodes);
}

/** Finds the node for a pod: filters, scores, the best. Pure; how many nodes were looked at comes back for the next start index. */
export function schedulePod(pod: PodInfo, state: ClusterState, options: SchedulePodOptions): { placement: Placement; examined: number } {
  const filters: { name: string; filter: NodeFilter }[] = [];
  for (const { plugin } of options.plugins) {
    const prepared = plugin.prepareFilter?.(pod, state);
    if (prepared === undefined) continue;
    if (typeof prepared !== 'function') return { placement: { kind: 'refused', diagnosis: { message: `0/${state.nodes.length} nodes are available: ${prepared.refused}.`, refusedBy: [plugin.name], unresolvable: true } }, examined: 0 };
    filters.push({ name: plugin.name, filter: prepared });
  }
  const { feasible, refusals, examined } = findFeasible(state.nodes, filters, options.startIndex);
  if (feasible.length === 0) return { placement: { kind: 'refused', diagnosis: diagnose(state.nodes.length, refusals) }, examined };
  const best = feasible.length === 1 ? { node: feasible[0] as NodeInfo, score: 0 } : pickBest(pod, state, feasible, options);
  return { placement: { kind: 'placed', node: best.node.name, score: best.score, feasible: feasible.length }, examined };
}

export interface NodeRefusal {
  readonly node: string;
  readonly plugin: string;
  readonly reasons: readonly string[];
  readonly unresolvable: boolean;
}

function findFeasible(nodes: readonly NodeInfo[], filters: readonly { name: string; filter: NodeFilter }[], startIndex: number): { feasible: NodeInfo[]; refusals: NodeRefusal[]; examined: number } {
  const wanted = feasibleNodesToFind(nodes.length);
  const feasible: NodeInfo[] = [];
  const refusals: NodeRefusal[] = [];
  let examined = 0;
  next: for (; examined < nodes.length && feasible.length < wanted; examined++) {
    const node = nodes[(startIndex + examined) % nodes.length] as NodeInfo;
    for (const { name, filter } of filters) {
      const refused = filter(node);
      if (refused === undefined) continue;
      refusals.push({ node: node.name, plugin: name, ...refused });
      continue next;
    }
    feasible.push(node);
  }
  return { feasible, refusals, examined };
}

function pickBest(pod: PodInfo, state: ClusterState, nodes: readonly NodeInfo[], { plugins, random }: SchedulePodOptions): { node: NodeInfo; score: number } {
  const totals = new Float64Array(nodes.length);
  const scores = new Float64Array(nodes.length);
  for (const { plugin, weight } of plugins) {
    const scorer = weight > 0 ? plugin.prepareScore?.(pod, state, nodes) : undefined;
    if (scorer === undefined) continue;
    for (let index = 0; index < nodes.length; index++) scores[index] = scorer.score(nodes[index] as NodeInfo);
    scorer.normalize?.(scores);
    for (let index = 0; index < nodes.length; index++) totals[index] = (totals[index] as number) + weight * (scores[index] as number);
  }
  let best = 0;
  let ties = 1;
  for (let index = 1; index < nodes.length; index++) {
    const difference = (totals[index] as number) - (totals[best] as number);
    if (difference > 0) {
      best = index;
      ties = 1;
    } else if (difference === 0 && random() < 1 / ++ties) best = index;
  }
  return { node: nodes[best] as NodeInfo, score: totals[best] as number };
}
