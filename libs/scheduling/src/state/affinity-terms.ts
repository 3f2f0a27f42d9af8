import type { corev1 } from '@navarch/api';
import { Counts } from './counts';
import type { NodeInfo } from './node-info';
import type { PodInfo } from './pod-info';
import { withLabelKeys, type PodTerm } from './pod-query';
import type { TopologyIndex } from './topology-index';

/** One affinity term of placed pods: equal terms of many pods are one. */
export interface PlacedTerm {
  readonly term: PodTerm;
  readonly index: TopologyIndex;
  /** Domain -> how many pods there must not have the selected ones near. */
  readonly requiredAnti: Counts;
  /** Domain -> how many pods there must have them near. */
  readonly required: Counts;
  /** Domain -> sum of the weights of those who like them near, less those who do not. */
  readonly preferred: Counts;
  antiTotal: number;
  total: number;
}

type Side = 'requiredAnti' | 'required' | 'preferred';

/** The term as it selects, seen from the pod that has it. */
export function podTerm(term: corev1.PodAffinityTerm, owner: PodInfo): PodTerm {
  const named = term.namespaces ?? [];
  return {
    namespaces: named.length === 0 && term.namespaceSelector === undefined ? [owner.namespace] : named,
    ...(term.namespaceSelector === undefined ? {} : { namespaceSelector: term.namespaceSelector }),
    selector: withLabelKeys(term.labelSelector, owner.labels, term.matchLabelKeys, term.mismatchLabelKeys),
  };
}

/** What placed pods want of others, so that a new pod is compared with distinct terms instead of with pods. */
export class AffinityTerms {
  readonly #terms = new Map<string, PlacedTerm>();

  constructor(private readonly topology: (key: string) => TopologyIndex) {}

  get all(): Iterable<PlacedTerm> {
    return this.#terms.values();
  }

  get size(): number {
    return this.#terms.size;
  }

  count(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    for (const term of pod.requiredAntiAffinity) this.#count('requiredAnti', term, pod, node, sign, 1);
    for (const term of pod.requiredAffinity) this.#count('required', term, pod, node, sign, 1);
    for (const { podAffinityTerm, weight } of pod.preferredAffinity) this.#count('preferred', podAffinityTerm, pod, node, sign, weight);
    for (const { podAffinityTerm, weight } of pod.preferredAntiAffinity) this.#count('preferred', podAffinityTerm, pod, node, sign, -weight);
  }

  #count(side: Side, affinityTerm: corev1.PodAffinityTerm, owner: PodInfo, node: NodeInfo, sign: 1 | -1, weight: number): void {
    const term = podTerm(affinityTerm, owner);
    const key = `${affinityTerm.topologyKey} ${JSON.stringify(term)}`;
    let placed = this.#terms.get(key);
    if (placed === undefined) {
      placed = { term, index: this.topology(affinityTerm.topologyKey), requiredAnti: new Counts(), required: new Counts(), preferred: new Counts(), antiTotal: 0, total: 0 };
      this.#terms.set(key, placed);
    }
    const domain = placed.index.domainOf(node);
    if (domain >= 0) placed[side].add(domain, sign * weight);
    if (side === 'requiredAnti') placed.antiTotal += sign;
    placed.total += sign;
    if (placed.total === 0) this.#terms.delete(key);
  }
}
