interface Entry<K> {
  readonly key: K;
  readyAt: number;
  index: number;
}

/** Keys by the time they are ready, each once, at its earliest. */
export class DelayHeap<K> {
  readonly #heap: Entry<K>[] = [];
  readonly #byKey = new Map<K, Entry<K>>();

  get size(): number {
    return this.#heap.length;
  }

  /** When the first key is ready. */
  get nextReadyAt(): number | undefined {
    return this.#heap[0]?.readyAt;
  }

  /** Adds a key; one that already waits keeps the earlier of its times. */
  add(key: K, readyAt: number): void {
    let entry = this.#byKey.get(key);
    if (entry) {
      if (entry.readyAt <= readyAt) return;
      entry.readyAt = readyAt;
    } else {
      entry = { key, readyAt, index: this.#heap.length };
      this.#heap.push(entry);
      this.#byKey.set(key, entry);
    }
    this.#up(entry);
  }

  /** Takes the first key that is ready at `now`. */
  takeReady(now: number): { readonly key: K } | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.readyAt > now) return undefined;
    const last = this.#heap.pop();
    this.#byKey.delete(first.key);
    if (last !== undefined && last !== first) {
      this.#put(last, 0);
      this.#down(last);
    }
    return first;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#byKey.clear();
  }

  #put(entry: Entry<K>, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }

  #up(entry: Entry<K>): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1];
      if (parent === undefined || parent.readyAt <= entry.readyAt) return;
      this.#swap(entry, parent);
    }
  }

  #down(entry: Entry<K>): void {
    for (;;) {
      const [left, right] = [this.#heap[entry.index * 2 + 1], this.#heap[entry.index * 2 + 2]];
      const smaller = right !== undefined && left !== undefined && right.readyAt < left.readyAt ? right : left;
      if (smaller === undefined || smaller.readyAt >= entry.readyAt) return;
      this.#swap(entry, smaller);
    }
  }

  #swap(a: Entry<K>, b: Entry<K>): void {
    const at = a.index;
    this.#put(a, b.index);
    this.#put(b, at);
  }
}
