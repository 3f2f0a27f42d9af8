import { type Clock, type Timer } from '@navarch/clock';

/** When a worker looks again: soon, once for all that has changed meanwhile, or at an instant that it knows of. */
export class WakeUps {
  #soon = false;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(private readonly clock: Clock, private readonly look: () => void) {}

  soon(): void {
    if (this.#soon || this.#stopped) return;
    this.#soon = true;
    setImmediate(() => {
      this.#soon = false;
      if (!this.#stopped) this.look();
    });
  }

  /** Looks at this instant, in place of the one that was set before; never where it is infinite. */
  at(ms: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (ms === Infinity || this.#stopped) return;
    this.#timer = this.clock.setTimeout(() => this.soon(), Math.max(0, ms - this.clock.now()));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}
