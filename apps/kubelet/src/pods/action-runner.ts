import { type Clock } from '@navarch/clock';
import { RetryTimes } from './retry-times';

export interface ActionRunnerDeps {
  readonly clock: Clock;
  /** An action has ended, well or not. */
  readonly onEnd: () => void;
  /** Why one failed; notes when it may be tried again. */
  readonly onFailure: (key: string, error: unknown, signal: AbortSignal) => void;
  /** Something that must not fail did. */
  readonly onCrash: (error: unknown) => void;
}

/** Runs a pod's actions beside each other, but never two of one key. */
export class ActionRunner {
  readonly retries = new RetryTimes();
  readonly #inFlight = new Map<string, AbortController>();
  #closed = false;

  constructor(private readonly deps: ActionRunnerDeps) {}

  /** Keys of what runs now. */
  get keys(): ReadonlySet<string> {
    return new Set(this.#inFlight.keys());
  }

  /** Runs something under a key, unless it already runs; its end, good or bad, is a change. */
  run(key: string, act: (signal: AbortSignal) => Promise<void>): void {
    if (this.#inFlight.has(key) || this.#closed) return;
    const abort = new AbortController();
    this.#inFlight.set(key, abort);
    act(abort.signal)
      .then(() => this.retries.succeeded(key), (error: unknown) => this.deps.onFailure(key, error, abort.signal))
      .finally(() => {
        this.#inFlight.delete(key);
        this.deps.onEnd();
      })
      .catch(this.deps.onCrash);
  }

  abort(which: (key: string) => boolean, reason: string): void {
    for (const [key, abort] of this.#inFlight) if (which(key)) abort.abort(new Error(reason));
  }

  /** False while an earlier failure is to be waited out. */
  mayRun(key: string): boolean {
    return (this.retries.times.get(key) ?? 0) <= this.deps.clock.now();
  }

  /** Begins nothing any more. */
  close(reason: string): void {
    this.#closed = true;
    this.abort(() => true, reason);
  }
}
