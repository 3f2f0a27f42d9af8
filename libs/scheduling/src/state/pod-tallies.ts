import { Counts } from './counts';
import type { NodeInfo } from './node-info';
import type { PodInfo } from './pod-info';
import { queryKey, querySelects, type NamespaceLabels, type PodQuery } from './pod-query';
import type { TopologyIndex } from './topology-index';

/** Queries kept level; the least recently asked goes first. A workload has one or two. */
const mostTallies = 1_000;

/** How many pods a query finds, by node and by topology domain, kept level as pods come and go. */
export class PodTally {
  readonly onNode = new Counts();
  readonly #byTopology = new Map<TopologyIndex, Counts>();
  total = 0;

  constructor(readonly query: PodQuery) {}

  count(node: NodeInfo, amount: 1 | -1): void {
    this.total += amount;
    this.onNode.add(node.slot, amount);
    for (const [index, counts] of this.#byTopology) {
      const domain = index.domainOf(node);
      if (domain >= 0) counts.add(domain, amount);
    }
  }

  /** Domain -> pods. */
  by(index: TopologyIndex, nodes: readonly NodeInfo[]): Counts {
    let counts = this.#byTopology.get(index);
    if (counts === undefined) {
      counts = new Counts();
      for (const node of nodes) {
        const domain = index.domainOf(node);
        if (domain >= 0) counts.add(domain, this.onNode.of(node.slot));
      }
      this.#byTopology.set(index, counts);
    }
    return counts;
  }
}

/** The tallies that scheduling decisions asked for, so that no decision has to look at the pods that are placed already. */
export class PodTallies {
  /** Least recently asked first. */
  readonly #tallies = new Map<string, PodTally>();
  /** By what they can find at all: a controller's pods (`=uid`), those of one namespace, or any (''). */
  readonly #byReach = new Map<string, Set<PodTally>>();

  constructor(private readonly labelsOf: NamespaceLabels) {}

  /** @param nodes all nodes, for a query that was not asked before */
  of(query: PodQuery, nodes: readonly NodeInfo[]): PodTally {
    const key = queryKey(query);
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = new PodTally(query);
      for (const node of nodes) for (const pod of node.pods.values()) if (querySelects(query, pod, this.labelsOf)) tally.count(node, 1);
      this.#index(tally).add(tally);
    } else this.#tallies.delete(key);
    this.#tallies.set(key, tally);
    if (this.#tallies.size > mostTallies) for (const oldest of this.#tallies.keys()) {
      this.#drop(oldest);
      break;
    }
    return tally;
  }

  count(pod: PodInfo, node: NodeInfo, amount: 1 | -1): void {
    for (const reach of [pod.namespace, '', `=${pod.controllerUid ?? ''}`]) {
      for (const tally of this.#byReach.get(reach) ?? []) if (querySelects(tally.query, pod, this.labelsOf)) tally.count(node, amount);
    }
  }

  /** A namespace's labels change: what selects by them is counted anew when next asked for. */
  forgetNamespaceSelectors(): void {
    for (const [key, { query }] of this.#tallies) if (query.terms.some(({ namespaceSelector }) => namespaceSelector !== undefined)) this.#drop(key);
  }

  #drop(key: string): void {
    const tally = this.#tallies.get(key);
    this.#tallies.delete(key);
    if (tally !== undefined) this.#index(tally).delete(tally);
  }

  #index({ query }: PodTally): Set<PodTally> {
    const reach = reachOf(query);
    let tallies = this.#byReach.get(reach);
    if (tallies === undefined) this.#byReach.set(reach, (tallies = new Set()));
    return tallies;
  }
}

function reachOf({ controller, terms: [first] }: PodQuery): string {
  if (controller !== undefined) return `=${controller}`;
  const namespaces = first?.namespaceSelector === undefined ? (first?.namespaces ?? []) : [];
  return namespaces.length === 1 ? (namespaces[0] as string) : '';
}
