import type { corev1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import type { ClusterState } from '../cluster-state';
import { maxNodeScore, refusal, type NodeFilter, type NodeScorer, type SchedulerPlugin } from '../framework';
import type { PodInfo } from '../pod-info';

const affinityRefused = refusal("node(s) didn't match pod affinity rules", true);
const antiAffinityRefused = refusal("node(s) didn't match pod anti-affinity rules");
const existingAntiAffinityRefused = refusal("node(s) didn't satisfy existing pods anti-affinity rules");

/** How much an existing pod's required affinity to the new one counts in scores. */
const hardPodAffinityWeight = 1;

/** Pods that must, should, should not or must not share a topology domain. */
export const interPodAffinity: SchedulerPlugin = {
  name: 'InterPodAffinity',
  events: ['PodAdd', 'PodDelete', 'PodUpdate', 'NodeAdd', 'NodeUpdate', 'NamespaceUpdate'],
  prepareFilter: affinityFilter,
  prepareScore: affinityScorer,
};

/** `<topology key>=<value>` -> sum */
class Domains {
  readonly #sums = new Map<string, number>();

  add(key: string, value: string | undefined, amount: number): void {
    if (value === undefined) return;
    const domain = `${key}=${value}`;
    this.#sums.set(domain, (this.#sums.get(domain) ?? 0) + amount);
  }

  of(key: string, value: string | undefined): number {
    return value === undefined ? 0 : (this.#sums.get(`${key}=${value}`) ?? 0);
  }

  get size(): number {
    return this.#sums.size;
  }
}

/** Whether a term of `owner` selects `candidate`. */
export function termSelects(term: corev1.PodAffinityTerm, owner: PodInfo, candidate: PodInfo, state: ClusterState): boolean {
  const named = term.namespaces ?? [];
  const inNamespace = named.length === 0 && term.namespaceSelector === undefined
    ? candidate.namespace === owner.namespace
    : named.includes(candidate.namespace) || (term.namespaceSelector !== undefined && matchesLabelSelector(term.namespaceSelector, state.namespaceLabels(candidate.namespace)));
  if (!inNamespace || !matchesLabelSelector(term.labelSelector, candidate.labels)) return false;
  return (term.matchLabelKeys ?? []).every((key) => owner.labels[key] === undefined || owner.labels[key] === candidate.labels[key])
    && (term.mismatchLabelKeys ?? []).every((key) => owner.labels[key] === undefined || owner.labels[key] !== candidate.labels[key]);
}

function affinityFilter(pod: PodInfo, state: ClusterState): NodeFilter | undefined {
  if (pod.requiredAffinity.length + pod.requiredAntiAffinity.length === 0 && !state.hasPodsWithAffinity) return undefined;
  const forbidden = new Domains();
  const wanted = pod.requiredAffinity.map(() => new Domains());
  const unwanted = pod.requiredAntiAffinity.map(() => new Domains());
  for (const node of state.nodes) {
    for (const existing of node.podsWithRequiredAntiAffinity) {
      for (const term of existing.requiredAntiAffinity) if (termSelects(term, existing, pod, state)) forbidden.add(term.topologyKey, node.labels[term.topologyKey], 1);
    }
    if (wanted.length === 0 && unwanted.length === 0) continue;
    for (const existing of node.pods.values()) {
      // All terms must select the same pods for any of them to count (upstream's podMatchesAllAffinityTerms).
      if (pod.requiredAffinity.length > 0 && pod.requiredAffinity.every((term) => termSelects(term, pod, existing, state))) pod.requiredAffinity.forEach((term, index) => wanted[index]?.add(term.topologyKey, node.labels[term.topologyKey], 1));
      pod.requiredAntiAffinity.forEach((term, index) => {
        if (termSelects(term, pod, existing, state)) unwanted[index]?.add(term.topologyKey, node.labels[term.topologyKey], 1);
      });
    }
  }
  if (forbidden.size === 0 && wanted.length === 0 && unwanted.length === 0) return undefined;
  // The first of a group that wants its own kind must be allowed to start somewhere.
  const first = wanted.every((domains) => domains.size === 0) && pod.requiredAffinity.every((term) => termSelects(term, pod, pod, state));
  return (node) => {
    for (const [index, term] of pod.requiredAffinity.entries()) {
      const value = node.labels[term.topologyKey];
      if (value === undefined || (!first && (wanted[index]?.of(term.topologyKey, value) ?? 0) === 0)) return affinityRefused;
    }
    for (const [index, term] of pod.requiredAntiAffinity.entries()) if ((unwanted[index]?.of(term.topologyKey, node.labels[term.topologyKey]) ?? 0) > 0) return antiAffinityRefused;
    if (forbidden.size > 0) for (const key of Object.keys(node.labels)) if (forbidden.of(key, node.labels[key]) > 0) return existingAntiAffinityRefused;
    return undefined;
  };
}

function affinityScorer(pod: PodInfo, state: ClusterState): NodeScorer | undefined {
  const ownTerms = pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
  if (!ownTerms && !state.hasPodsWithAffinity) return undefined;
  const sums = new Domains();
  const keys = new Set<string>();
  for (const node of state.nodes) {
    const add = (term: corev1.PodAffinityTerm, owner: PodInfo, candidate: PodInfo, weight: number): void => {
      if (!termSelects(term, owner, candidate, state)) return;
      keys.add(term.topologyKey);
      sums.add(term.topologyKey, node.labels[term.topologyKey], weight);
    };
    for (const existing of ownTerms ? node.pods.values() : node.podsWithAffinity) {
      for (const { podAffinityTerm, weight } of pod.preferredAffinity) add(podAffinityTerm, pod, existing, weight);
      for (const { podAffinityTerm, weight } of pod.preferredAntiAffinity) add(podAffinityTerm, pod, existing, -weight);
      for (const term of existing.requiredAffinity) add(term, existing, pod, hardPodAffinityWeight);
      for (const { podAffinityTerm, weight } of existing.preferredAffinity) add(podAffinityTerm, existing, pod, weight);
      for (const { podAffinityTerm, weight } of existing.preferredAntiAffinity) add(podAffinityTerm, existing, pod, -weight);
    }
  }
  if (sums.size === 0) return undefined;
  return {
    score: (node) => {
      let sum = 0;
      for (const key of keys) sum += sums.of(key, node.labels[key]);
      return sum;
    },
    normalize: (scores) => {
      const max = scores.reduce((a, b) => Math.max(a, b), -Infinity);
      const min = scores.reduce((a, b) => Math.min(a, b), Infinity);
      for (let index = 0; index < scores.length; index++) scores[index] = max === min ? 0 : Math.trunc((maxNodeScore * ((scores[index] as number) - min)) / (max - min));
    },
  };
}
