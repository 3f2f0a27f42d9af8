/** Frames from a sender to the one who writes them to the connection: each is asked for only when the last is through. */
export class FrameHandOver<T> implements AsyncIterable<T> {
  #waiting: { readonly frame: T; readonly through: () => void; readonly refused: (error: Error) => void }[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  /** Resolves when the connection takes more; rejects when it takes nothing any more. */
  send(frame: T): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(new Error('the stream has ended'));
        return;
      }
      this.#waiting.push({ frame, through: resolve, refused: reject });
      this.#wake?.();
    });
  }

  end(): void {
    this.#ended = true;
    for (const { refused } of this.#waiting.splice(0)) refused(new Error('the stream has ended'));
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      while (!this.#ended) {
        const next = this.#waiting.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          continue;
        }
        try {
          yield next.frame;
        } finally {
          // Also when the reader leaves: whether the frame was sent, the stream's end will tell.
          next.through();
        }
      }
    } finally {
      this.end();
    }
  }
}
