/** A key and its present value; replaced values keep their cell, and so their place. */
interface Cell<V> {
  readonly key: string;
  value: V;
}

const blockSize = 512;

/**
 * A map in key order: a hash map for lookups, and blocks of sorted cells for ranges. Adding or removing a key moves
 * at most a block; replacing a value moves nothing; a range copies its values, and so stays as it was.
 */
export class SortedMap<V> {
  readonly #cells = new Map<string, Cell<V>>();
  #blocks: Cell<V>[][] = [];

  /** From entries that are in key order already. */
  static fromSorted<V>(entries: readonly (readonly [string, V])[]): SortedMap<V> {
    const map = new SortedMap<V>();
    for (let start = 0; start < entries.length; start += blockSize / 2) {
      const block = entries.slice(start, start + blockSize / 2).map(([key, value]) => ({ key, value }));
      for (const cell of block) map.#cells.set(cell.key, cell);
      map.#blocks.push(block);
    }
    return map;
  }

  get size(): number {
    return this.#cells.size;
  }

  get(key: string): V | undefined {
    return this.#cells.get(key)?.value;
  }

  set(key: string, value: V): void {
    const present = this.#cells.get(key);
    if (present) {
      present.value = value;
      return;
    }
    const cell = { key, value };
    this.#cells.set(key, cell);
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (!block) {
      this.#blocks.push([cell]);
      return;
    }
    block.splice(lowerBound(block, key), 0, cell);
    if (block.length > blockSize) this.#blocks.splice(at + 1, 0, block.splice(blockSize / 2));
  }

  delete(key: string): boolean {
    if (!this.#cells.delete(key)) return false;
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    block?.splice(lowerBound(block, key), 1);
    if (block?.length === 0) this.#blocks.splice(at, 1);
    return true;
  }

  /** Values of the keys with a prefix, in key order; all for the empty prefix. */
  values(prefix = ''): V[] {
    const values: V[] = [];
    for (let at = this.#blockOf(prefix); at < this.#blocks.length; at++) {
      const block = this.#blocks[at] ?? [];
      const inside = block[0]?.key.startsWith(prefix) && block.at(-1)?.key.startsWith(prefix);
      for (let index = inside ? 0 : lowerBound(block, prefix); index < block.length; index++) {
        const cell = block[index];
        if (!cell || !(inside || cell.key.startsWith(prefix))) return values;
        values.push(cell.value);
      }
    }
    return values;
  }

  /** Index of the last block that begins at or before a key; 0 if none does. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#blocks[middle]?.[0]?.key;
      if (first !== undefined && first <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first cell whose key is not before `key`. */
function lowerBound(block: readonly Cell<unknown>[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const cell = block[middle];
    if (cell && cell.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
