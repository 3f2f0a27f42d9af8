/** Indexes of an Indexed Job, written as upstream does: `1,3-5,7`. */
export class IndexSet {
  readonly #indexes: ReadonlySet<number>;

  constructor(indexes: Iterable<number> = []) {
    this.#indexes = new Set(indexes);
  }

  /** Reads the text of a status or a policy; what is not below `completions`, or no interval, is left out, as upstream's parseIndexesFromString. */
  static parse(text: string | undefined, completions: number): IndexSet {
    const indexes: number[] = [];
    for (const interval of (text ?? '').split(',').filter((part) => part !== '')) {
      const [first = '', last = first] = interval.split('-');
      if (!/^\d+$/.test(first) || !/^\d+$/.test(last)) continue;
      for (let index = Number(first); index <= Math.min(Number(last), completions - 1); index++) indexes.push(index);
    }
    return new IndexSet(indexes);
  }

  get size(): number {
    return this.#indexes.size;
  }

  has(index: number): boolean {
    return this.#indexes.has(index);
  }

  with(indexes: Iterable<number>): IndexSet {
    return new IndexSet([...this.#indexes, ...indexes]);
  }

  /** How many are in both. */
  overlap(other: IndexSet): number {
    return [...this.#indexes].filter((index) => other.has(index)).length;
  }

  toString(): string {
    const parts: { first: number; last: number }[] = [];
    for (const index of [...this.#indexes].sort((a, b) => a - b)) {
      const open = parts.at(-1);
      if (open !== undefined && open.last + 1 === index) open.last = index;
      else parts.push({ first: index, last: index });
    }
    // Two neighbours are a list, as upstream's orderedIntervals writes them.
    return parts.map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`)).join(',');
  }
}
