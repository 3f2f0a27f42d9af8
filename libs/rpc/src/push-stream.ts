/** An async iterable that is fed by hand: the requests of a call that stays open. One consumer. */
export class PushStream<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #head = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** Items not taken yet. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Adds an item; false when the stream has ended and the item is dropped. */
  push(item: T): boolean {
    if (this.#ended) return false;
    this.#items.push(item);
    this.#notify();
    return true;
  }

  /** Ends the stream after the items already in it. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Ends the stream with an error, after the items already in it. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure = { error };
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        while (this.#head < this.#items.length) {
          const item = this.#items[this.#head++] as T;
          // Taken items are dropped all at once, when the last is taken or they get many.
          if (this.#head === this.#items.length || this.#head > 1024) {
            this.#items.splice(0, this.#head);
            this.#head = 0;
          }
          yield item;
        }
        if (this.#ended) {
          if (this.#failure) throw this.#failure.error;
          return;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.end();
    }
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
