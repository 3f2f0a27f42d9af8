import type { Clock } from '@navarch/clock';

/** After this many times the longest delay without a failure a key begins anew. */
const FORGOTTEN_AFTER = 2;

/** Delays that double with each failure of a key, as client-go's flowcontrol.Backoff. */
export class BackOff {
  readonly #options: { readonly initialMs: number; readonly maxMs: number };
  readonly #clock: Clock;
  readonly #entries = new Map<string, { delayMs: number; atMs: number }>();

  constructor(options: { readonly initialMs: number; readonly maxMs: number }, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Notes a failure; answers with the delay before the next try. */
  next(key: string): number {
    this.#forgetOld();
    const { initialMs, maxMs } = this.#options;
    const known = this.#entries.get(key);
    const delayMs = known === undefined ? initialMs : Math.min(maxMs, known.delayMs * 2);
    this.#entries.set(key, { delayMs, atMs: this.#clock.now() });
    return delayMs;
  }

  /** Milliseconds until the next try; 0: now. */
  leftMs(key: string): number {
    const known = this.#entries.get(key);
    // A clock that was set back must not hold a key up for longer than its delay.
    return known === undefined ? 0 : Math.min(known.delayMs, Math.max(0, known.atMs + known.delayMs - this.#clock.now()));
  }

  #forgetOld(): void {
    const before = this.#clock.now() - FORGOTTEN_AFTER * this.#options.maxMs;
    for (const [key, { atMs }] of this.#entries) if (atMs < before) this.#entries.delete(key);
  }
}
