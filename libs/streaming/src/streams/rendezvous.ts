/**
 * Hands items over one by one: `put` resolves when the reader has taken the item, so that producers are never ahead
 * of it. One reader. After the end, items are dropped.
 */
export class Rendezvous<T> implements AsyncIterable<T> {
  readonly #waiting: { readonly item: T; readonly taken: () => void }[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** Resolves once the reader has taken it, or it was dropped because all is over. */
  put(item: T): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ item, taken: resolve });
      this.#notify();
    });
  }

  /** The reader sees the end after the items that wait. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure = { error };
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next) {
          yield next.item;
          // Asked for another: this one has gone out.
          next.taken();
          continue;
        }
        if (this.#failure) throw this.#failure.error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#ended = true;
      for (const { taken } of this.#waiting.splice(0)) taken();
    }
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
