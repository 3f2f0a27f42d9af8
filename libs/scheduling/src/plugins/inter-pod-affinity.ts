import type { corev1 } from '@navarch/api';
import { always, maxNodeScore, refusal, type NodeFilter, type NodeScorer, type QueueingHint, type SchedulerPlugin } from '../framework';
import { podTerm } from '../state/affinity-terms';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import { hasAffinity, podInfo, type PodInfo } from '../state/pod-info';
import { termSelects } from '../state/pod-query';
import type { TopologyIndex } from '../state/topology-index';

const affinityRefused = refusal("node(s) didn't match pod affinity rules", true);
const antiAffinityRefused = refusal("node(s) didn't match pod anti-affinity rules");
const existingAntiAffinityRefused = refusal("node(s) didn't satisfy existing pods anti-affinity rules");

export interface InterPodAffinityArgs {
  /** How much a placed pod's required affinity to the new one counts in scores. */
  readonly hardPodAffinityWeight?: number;
  /** What placed pods prefer does not count for a pod that prefers nothing itself. */
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}

/** Pods that must, should, should not or must not share a topology domain. */
export function interPodAffinity({ hardPodAffinityWeight = 1, ignorePreferredTermsOfExistingPods = false }: InterPodAffinityArgs = {}): SchedulerPlugin {
  return {
    name: 'InterPodAffinity',
    hints: {
      AssignedPodAdd: isWanted,
      AssignedPodDelete: isUnwanted,
      AssignedPodUpdatePodLabel: isOtherwise,
      NodeAdd: movesNodes,
      NodeUpdateNodeLabel: movesNodes,
      NamespaceUpdate: always,
      PodUpdatePodLabel: always,
    },
    sign: (pod) => (hasAffinity(pod) ? undefined : [pod.namespace, pod.labels]),
    preFilter: affinityFilter,
    preScore: (pod, state) => affinityScorer(pod, state, hardPodAffinityWeight, ignorePreferredTermsOfExistingPods),
  };
}

/** Some pods of each domain, and which domain a node is in. */
interface Domains {
  readonly index: TopologyIndex;
  readonly values: Int32Array;
}

const countAt = ({ index, values }: Domains, node: NodeInfo): number => {
  const domain = index.domainOf(node);
  return domain < 0 ? 0 : (values[domain] ?? 0);
};

function affinityFilter(pod: PodInfo, state: ClusterState): NodeFilter | undefined {
  const forbidden = forbiddenDomains(pod, state);
  if (pod.requiredAffinity.length + pod.requiredAntiAffinity.length + forbidden.length === 0) return undefined;
  const unwanted = pod.requiredAntiAffinity.map((term) => domains(state, [term], term.topologyKey, pod).counted);
  // Only pods that all terms select count for any of them (upstream's podMatchesAllAffinityTerms).
  const company = pod.requiredAffinity.map((term) => domains(state, pod.requiredAffinity, term.topologyKey, pod));
  // The first of a group that wants its own kind must be allowed to start somewhere.
  const isFirst = company.every(({ isEmpty }) => isEmpty) && pod.requiredAffinity.every((term) => termSelects(podTerm(term, pod), pod, state.namespaceLabels));
  return (node) => {
    for (const { counted } of company) {
      if (counted.index.domainOf(node) < 0 || (!isFirst && countAt(counted, node) === 0)) return affinityRefused;
    }
    for (const counted of unwanted) if (countAt(counted, node) > 0) return antiAffinityRefused;
    for (const counted of forbidden) if (countAt(counted, node) > 0) return existingAntiAffinityRefused;
    return undefined;
  };
}

function domains(state: ClusterState, terms: readonly corev1.PodAffinityTerm[], topologyKey: string, pod: PodInfo): { counted: Domains; isEmpty: boolean } {
  const index = state.topology(topologyKey);
  const tally = state.tally({ terms: terms.map((term) => podTerm(term, pod)), onlyStaying: false });
  const { values } = tally.by(index, state.nodes);
  return { counted: { index, values }, isEmpty: tally.total === 0 || values.every((count) => count === 0) };
}

/** Where placed pods do not want this one. */
function forbiddenDomains(pod: PodInfo, state: ClusterState): Domains[] {
  const forbidden: Domains[] = [];
  if (state.affinityTerms.size === 0) return forbidden;
  for (const { term, index, requiredAnti, antiTotal } of state.affinityTerms.all) {
    if (antiTotal > 0 && termSelects(term, pod, state.namespaceLabels)) forbidden.push({ index, values: requiredAnti.values });
  }
  return forbidden;
}

function affinityScorer(pod: PodInfo, state: ClusterState, hardWeight: number, ignorePreferred: boolean): NodeScorer | undefined {
  const sums = new Map<TopologyIndex, Int32Array>();
  const add = (index: TopologyIndex, values: Int32Array, weight: number): void => {
    let sum = sums.get(index);
    if (sum === undefined) sums.set(index, (sum = new Int32Array(index.size)));
    for (let domain = 0; domain < sum.length; domain++) sum[domain] = (sum[domain] as number) + weight * (values[domain] ?? 0);
  };
  const own = (terms: readonly corev1.WeightedPodAffinityTerm[], sign: 1 | -1): void => {
    for (const { podAffinityTerm, weight } of terms) {
      const { counted, isEmpty } = domains(state, [podAffinityTerm], podAffinityTerm.topologyKey, pod);
      if (!isEmpty) add(counted.index, counted.values, sign * weight);
    }
  };
  own(pod.preferredAffinity, 1);
  own(pod.preferredAntiAffinity, -1);
  const hasOwn = pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
  if (state.affinityTerms.size > 0 && (hasOwn || !ignorePreferred)) {
    for (const { term, index, required, preferred } of state.affinityTerms.all) {
      if (!termSelects(term, pod, state.namespaceLabels)) continue;
      if (hardWeight !== 0) add(index, required.values, hardWeight);
      add(index, preferred.values, 1);
    }
  }
  if (sums.size === 0) return undefined;
  const counted = [...sums].map(([index, values]): Domains => ({ index, values }));
  return {
    score: (node) => counted.reduce((sum, entry) => sum + countAt(entry, node), 0),
    scoreAll: (nodes, into) => {
      for (const { index, values } of counted) {
        const { domains: domainOf } = index;
        for (let at = 0; at < nodes.length; at++) into[at] = (into[at] as number) + (values[(domainOf[(nodes[at] as NodeInfo).slot] ?? 0) - 1] ?? 0);
      }
    },
    normalize: normalizeBetween,
  };
}

/** The least becomes 0, the greatest 100; divided first, as upstream does, for the same fractions are cut off. */
function normalizeBetween(scores: Float64Array): void {
  let [min, max] = [Infinity, -Infinity];
  for (const score of scores) {
    if (score < min) min = score;
    if (score > max) max = score;
  }
  for (let index = 0; index < scores.length; index++) scores[index] = max === min ? 0 : Math.trunc(maxNodeScore * (((scores[index] as number) - min) / (max - min)));
}

/** Whether all that a pod wants near is in this one: only such pods are company. */
const isCompany = (pod: PodInfo, other: PodInfo, state: ClusterState): boolean =>
  pod.requiredAffinity.length > 0 && pod.requiredAffinity.every((term) => termSelects(podTerm(term, pod), other, state.namespaceLabels));

const keepsApart = (owner: PodInfo, other: PodInfo, state: ClusterState): boolean => owner.requiredAntiAffinity.some((term) => termSelects(podTerm(term, owner), other, state.namespaceLabels));

/** A pod that came helps who wants it near. */
const isWanted: QueueingHint = (pod, { after }, state) => after === undefined || isCompany(pod, podInfo(after), state);

/** A pod that went helps who must not be near it, or whom it did not want near. */
const isUnwanted: QueueingHint = (pod, { before }, state) => {
  if (before === undefined) return true;
  const gone = podInfo(before);
  return keepsApart(pod, gone, state) || keepsApart(gone, pod, state);
};

/** Other labels of a pod help who wants it near now, or need not keep away from it any more. */
const isOtherwise: QueueingHint = (pod, { before, after }, state) => {
  if (before === undefined || after === undefined) return true;
  const [was, is] = [podInfo(before), podInfo(after)];
  return (!isCompany(pod, was, state) && isCompany(pod, is, state)) || (keepsApart(pod, was, state) && !keepsApart(pod, is, state));
};

/** A node that is in another domain now, or is new, helps who looks for company there, or was kept away. */
const movesNodes: QueueingHint = ({ requiredAffinity, requiredAntiAffinity }, { before, after }) => {
  // It was refused for what others want, whose keys are not looked at here.
  if (requiredAffinity.length + requiredAntiAffinity.length === 0) return true;
  const [was, is] = [before?.metadata.labels ?? {}, after?.metadata.labels ?? {}];
  return requiredAffinity.some(({ topologyKey: key }) => is[key] !== undefined && is[key] !== was[key])
    || requiredAntiAffinity.some(({ topologyKey: key }) => before === undefined || (was[key] !== undefined && was[key] !== is[key]));
};
