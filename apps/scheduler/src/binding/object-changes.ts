import type { Clock } from '@navarch/clock';

interface Waiter {
  readonly condition: () => boolean;
  readonly settle: (error?: unknown) => void;
}

/** Lets bindings wait until objects have become what they need. */
export class ObjectChanges {
  readonly #waiters = new Set<Waiter>();

  constructor(private readonly clock: Clock, private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      for (const waiter of [...this.#waiters]) waiter.settle(signal.reason);
    }, { once: true });
  }

  /** An object has changed: conditions are asked again. */
  notify(): void {
    for (const waiter of [...this.#waiters]) this.#ask(waiter);
  }

  /** Resolves when the condition is true; rejects when it throws, after `timeoutMs`, or when the scheduler stops. */
  readonly until = (condition: () => boolean, timeoutMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = this.clock.setTimeout(() => waiter.settle(Object.assign(new Error(`timed out after ${timeoutMs / 1000}s`), { code: 'TimedOut' })), timeoutMs);
      const waiter: Waiter = {
        condition,
        settle: (error) => {
          this.#waiters.delete(waiter);
          timer.cancel();
          if (error === undefined) resolve();
          else reject(error instanceof Error ? error : new Error('stopped', { cause: error }));
        },
      };
      this.#waiters.add(waiter);
      if (this.signal.aborted) waiter.settle(this.signal.reason);
      else this.#ask(waiter);
    });

  #ask(waiter: Waiter): void {
    try {
      if (waiter.condition()) waiter.settle();
    } catch (error) {
      waiter.settle(error);
    }
  }
}
