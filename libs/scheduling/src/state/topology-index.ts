import { Counts } from './counts';
import type { NodeInfo } from './node-info';

/** The domains of one topology key: small numbers for its values, and which node is in which. */
export class TopologyIndex {
  readonly #domains = new Map<string, number>();
  /** Node slot -> domain + 1; 0 is none. */
  readonly #domainOf = new Counts();
  /** Domain -> how many nodes are in it. */
  readonly nodesIn = new Counts();
  /** Nodes that have the key. */
  nodes = 0;

  constructor(readonly key: string) {}

  /** -1 for a node without the key. */
  domainOf(node: NodeInfo): number {
    return this.#domainOf.of(node.slot) - 1;
  }

  /** Node slot -> domain + 1, for loops over many nodes; do not keep it. */
  get domains(): Int32Array {
    return this.#domainOf.values;
  }

  /** Domains ever seen; some may be empty now. */
  get size(): number {
    return this.#domains.size;
  }

  add(node: NodeInfo): void {
    const value = node.labels[this.key];
    if (value === undefined) return;
    let domain = this.#domains.get(value);
    if (domain === undefined) this.#domains.set(value, (domain = this.#domains.size));
    this.#domainOf.set(node.slot, domain + 1);
    this.nodesIn.add(domain, 1);
    this.nodes += 1;
  }

  remove(node: NodeInfo): void {
    const domain = this.domainOf(node);
    if (domain < 0) return;
    this.#domainOf.set(node.slot, 0);
    this.nodesIn.add(domain, -1);
    this.nodes -= 1;
  }
}
