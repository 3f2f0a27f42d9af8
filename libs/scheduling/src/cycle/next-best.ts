import type { NodeInfo } from '../state/node-info';
import type { Ranking } from './rank-nodes';

/** The nodes of a ranking, the best first, each once; among equals each has the same chance. A heap: to make it costs one look at each node, to take one the logarithm of their number. */
export class NextBest {
  readonly #heap: number[] = [];
  readonly #luck: Float64Array;

  /** @param without an index of the ranking that is left out */
  constructor(private readonly ranking: Pick<Ranking, 'nodes' | 'totals'>, without: number, random: () => number) {
    const { nodes } = ranking;
    this.#luck = new Float64Array(nodes.length);
    for (let index = 0; index < nodes.length; index++) {
      this.#luck[index] = random();
      if (index !== without) this.#heap.push(index);
    }
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  take(): NodeInfo | undefined {
    const best = this.#heap[0];
    const last = this.#heap.pop();
    if (best === undefined || last === undefined) return undefined;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return this.ranking.nodes[best];
  }

  #goesBefore(a: number, b: number): boolean {
    const difference = (this.ranking.totals[a] as number) - (this.ranking.totals[b] as number);
    return difference > 0 || (difference === 0 && (this.#luck[a] as number) < (this.#luck[b] as number));
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const moved = heap[from] as number;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#goesBefore(heap[child + 1] as number, heap[child] as number)) child += 1;
      if (!this.#goesBefore(heap[child] as number, moved)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = moved;
  }
}
