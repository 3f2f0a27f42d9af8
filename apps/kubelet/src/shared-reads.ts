interface Read<T> {
  readonly current: Promise<T>;
  /** Begins when the current one has ended. */
  next: Promise<T> | undefined;
}

/**
 * Reads of the same thing at the same time, asked for once: who asks while an answer is under way gets the next one, together with all others who
 * ask meanwhile. So every answer is as new as if each had asked alone. The same holds of a write of what all of them have changed.
 */
export class SharedReads<T> {
  readonly #reads = new Map<string, Read<T>>();

  read(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#reads.get(key);
    if (!known) return this.#begin(key, ask);
    const begin = (): Promise<T> => this.#begin(key, ask);
    known.next ??= known.current.then(begin, begin);
    return known.next;
  }

  #begin(key: string, ask: () => Promise<T>): Promise<T> {
    const current = ask();
    const read: Read<T> = { current, next: undefined };
    this.#reads.set(key, read);
    const end = (): void => {
      if (this.#reads.get(key) === read && read.next === undefined) this.#reads.delete(key);
    };
    current.then(end, end);
    return current;
  }
}
