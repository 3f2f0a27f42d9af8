import type { corev1, KubeObject } from '@navarch/api';
import { always, maxNodeScore, refusal, type NodeFilter, type NodeScorer, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import { podInfo, type PodInfo } from '../state/pod-info';
import { querySelects } from '../state/pod-query';
import type { TopologyIndex } from '../state/topology-index';
import { constraintsOf, hasOwnConstraints, hostname, systemDefaults, type Constraint, type DefaultConstraint } from './spread-constraints';

const missingLabel = refusal("node(s) didn't match pod topology spread constraints (missing required label)", true);
const tooMany = refusal("node(s) didn't match pod topology spread constraints");

export interface PodTopologySpreadArgs {
  readonly defaultingType?: 'System' | 'List';
  readonly defaultConstraints?: readonly DefaultConstraint[];
}

/** Spreads pods over topology domains: constraints that must hold filter, the others score. */
export function podTopologySpread({ defaultingType = 'System', defaultConstraints = [] }: PodTopologySpreadArgs = {}): SchedulerPlugin {
  const defaults = defaultingType === 'System' ? systemDefaults : defaultConstraints;
  const hard = (pod: PodInfo, state: ClusterState): readonly Constraint[] => constraintsOf(pod, state, 'DoNotSchedule', defaults);
  // A pod that counts came or went, or one counts now that did not, or the other way round.
  const podHint: QueueingHint = (pod, { before, after }, state) => {
    const [was, is] = [before, after].map((object) => (object === undefined ? undefined : podInfo(object as corev1.Pod)));
    return hard(pod, state).some(({ query }) => {
      const counts = (other: PodInfo | undefined): boolean => other !== undefined && querySelects({ ...query, onlyStaying: false }, other, state.namespaceLabels);
      return counts(was) !== counts(is);
    });
  };
  // A node takes part that did not, or the other way round, or it is in another domain now.
  const nodeHint: QueueingHint = (pod, { before, after }, state) => {
    const keys = hard(pod, state).map(({ topologyKey }) => topologyKey);
    const takesPart = (node: KubeObject | undefined): boolean => node !== undefined && keys.every((key) => node.metadata.labels?.[key] !== undefined);
    if (takesPart(before) !== takesPart(after)) return true;
    return takesPart(after) && keys.some((key) => before?.metadata.labels?.[key] !== after?.metadata.labels?.[key]);
  };
  const taintHint: QueueingHint = (pod, { after }, state) => hard(pod, state).every(({ topologyKey }) => after?.metadata.labels?.[topologyKey] !== undefined);
  const tolerationHint: QueueingHint = ({ spec }) => spec.topologySpreadConstraints?.some(({ nodeTaintsPolicy }) => nodeTaintsPolicy === 'Honor') === true;
  return {
    name: 'PodTopologySpread',
    hints: {
      AssignedPodAdd: podHint, AssignedPodDelete: podHint, AssignedPodUpdatePodLabel: podHint, NodeAdd: nodeHint, NodeDelete: nodeHint, NodeUpdateNodeLabel: nodeHint, NodeUpdateNodeTaint: taintHint,
      PodUpdatePodLabel: always, PodUpdatePodToleration: tolerationHint,
    },
    // Each pod that is placed makes its domain less liked for the next.
    sign: (pod, state) => (['DoNotSchedule', 'ScheduleAnyway'].some((kind) => constraintsOf(pod, state, kind, defaults).length > 0) ? undefined : []),
    preFilter: (pod, state) => {
      const constraints = constraintsOf(pod, state, 'DoNotSchedule', defaults);
      return constraints.length === 0 ? undefined : spreadFilter(state, constraints);
    },
    preScore: (pod, state, nodes) => {
      const constraints = constraintsOf(pod, state, 'ScheduleAnyway', defaults);
      return constraints.length === 0 ? undefined : spreadScorer(state, nodes, constraints, hasOwnConstraints(pod) || defaultingType === 'List');
    },
  };
}

/** Whether every node has all the keys: then domains are counted as they are kept, without a look at the nodes. */
const keysAreEverywhere = (indexes: readonly TopologyIndex[], nodes: number): boolean => indexes.every((index) => index.nodes === nodes);

function spreadFilter(state: ClusterState, constraints: readonly Constraint[]): NodeFilter {
  const indexes = constraints.map(({ topologyKey }) => state.topology(topologyKey));
  const takesPart = constraints.length === 1 || keysAreEverywhere(indexes, state.nodes.length) ? undefined : (node: NodeInfo) => indexes.every((index) => index.domainOf(node) >= 0);
  const prepared = constraints.map((constraint, at) => {
    const index = indexes[at] as TopologyIndex;
    const counted = domainsOf(constraint, index, state, takesPart);
    return { index, values: counted.values, least: counted.domains < constraint.minDomains ? 0 : counted.least, self: constraint.self, maxSkew: constraint.maxSkew };
  });
  return (node) => {
    for (const { index, values, least, self, maxSkew } of prepared) {
      const domain = index.domainOf(node);
      if (domain < 0) return missingLabel;
      if ((values[domain] ?? 0) + self - least > maxSkew) return tooMany;
    }
    return undefined;
  };
}

/** The pods in each domain, how many domains take part, and the fewest pods in one of those. */
function domainsOf(constraint: Constraint, index: TopologyIndex, state: ClusterState, takesPart: ((node: NodeInfo) => boolean) | undefined): { values: Int32Array; domains: number; least: number } {
  const tally = state.tally(constraint.query);
  const { counts } = constraint;
  let values: Int32Array;
  let nodesIn: Int32Array;
  if (counts === undefined && takesPart === undefined) {
    ({ values } = tally.by(index, state.nodes));
    nodesIn = index.nodesIn.values;
  } else {
    values = new Int32Array(index.size);
    nodesIn = new Int32Array(index.size);
    for (const node of state.nodes) {
      const domain = index.domainOf(node);
      if (domain < 0 || takesPart?.(node) === false || counts?.(node) === false) continue;
      values[domain] = (values[domain] as number) + tally.onNode.of(node.slot);
      nodesIn[domain] = 1;
    }
  }
  let least = Infinity;
  let domains = 0;
  for (let domain = 0; domain < index.size; domain++) {
    if ((nodesIn[domain] ?? 0) === 0) continue;
    domains += 1;
    const pods = values[domain] ?? 0;
    if (pods < least) least = pods;
  }
  return { values, domains, least: domains === 0 ? 0 : least };
}

/** @param requireAll nodes without all the keys score nothing (for the system's defaults a missing key says nothing) */
function spreadScorer(state: ClusterState, nodes: readonly NodeInfo[], constraints: readonly Constraint[], requireAll: boolean): NodeScorer {
  const indexes = constraints.map(({ topologyKey }) => state.topology(topologyKey));
  const hasAllKeys = !requireAll || keysAreEverywhere(indexes, state.nodes.length) ? undefined : (node: NodeInfo) => indexes.every((index) => index.domainOf(node) >= 0);
  const scored = hasAllKeys === undefined ? nodes : nodes.filter(hasAllKeys);
  const prepared = constraints.map((constraint, at) => {
    const index = indexes[at] as TopologyIndex;
    const isHost = constraint.topologyKey === hostname;
    const values = isHost ? state.tally(constraint.query).onNode.values : domainsOf(constraint, index, state, hasAllKeys).values;
    // The more domains, the more one pod in one of them weighs.
    return { index, isHost, values, base: constraint.maxSkew - 1, weight: Math.log((isHost ? scored.length : domainsAmong(scored, index)) + 2) };
  });
  return {
    score: (node) => {
      let sum = 0;
      for (const { index, isHost, values, base, weight } of prepared) {
        const domain = index.domainOf(node);
        if (domain >= 0) sum += (values[isHost ? node.slot : domain] ?? 0) * weight + base;
      }
      return Math.round(sum);
    },
    scoreAll: (all, into) => {
      for (const { index, isHost, values, base, weight } of prepared) {
        if (index.nodes === 0) continue;
        const { domains } = index;
        for (let at = 0; at < all.length; at++) {
          const { slot } = all[at] as NodeInfo;
          const domain = (domains[slot] ?? 0) - 1;
          if (domain >= 0) into[at] = (into[at] as number) + (values[isHost ? slot : domain] ?? 0) * weight + base;
        }
      }
      for (let at = 0; at < into.length; at++) into[at] = Math.round(into[at] as number);
    },
    normalize: (scores) => normalizeSpread(scores, hasAllKeys === undefined ? undefined : nodes.map(hasAllKeys)),
  };
}

/** Those without the key, where they are scored at all, are one domain together (upstream's initPreScoreState). */
function domainsAmong(nodes: readonly NodeInfo[], index: TopologyIndex): number {
  if (index.nodes === 0) return 0;
  // The first is for none.
  const seen = new Uint8Array(index.size + 1);
  let count = 0;
  for (const node of nodes) {
    const domain = index.domainOf(node) + 1;
    if (seen[domain] === 1) continue;
    seen[domain] = 1;
    count += 1;
  }
  return count;
}

/** The fullest domain gets least; nodes that were left out get nothing. */
function normalizeSpread(scores: Float64Array, takesPart: readonly boolean[] | undefined): void {
  let max = 0;
  let min = Infinity;
  for (let index = 0; index < scores.length; index++) {
    if (takesPart?.[index] === false) continue;
    const score = scores[index] as number;
    if (score > max) max = score;
    if (score < min) min = score;
  }
  for (let index = 0; index < scores.length; index++) {
    scores[index] = takesPart?.[index] === false ? 0 : max === 0 ? maxNodeScore : Math.trunc((maxNodeScore * (max + min - (scores[index] as number))) / max);
  }
}
