/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** The signal's reason as an error. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

/** Opens once; whoever waits is let through. */
export class Gate {
  #open = false;
  readonly #waiters = new Set<() => void>();

  get isOpen(): boolean {
    return this.#open;
  }

  open(): void {
    this.#open = true;
    for (const pass of [...this.#waiters]) pass();
  }

  wait(signal?: AbortSignal): Promise<void> {
    if (this.#open) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#waiters.delete(pass);
      };
      const pass = (): void => {
        leave();
        resolve();
      };
      const abort = (): void => {
        leave();
        if (signal) reject(reasonOf(signal));
      };
      if (signal?.aborted) {
        reject(reasonOf(signal));
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.add(pass);
    });
  }
}
