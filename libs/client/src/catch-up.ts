import type { Clock } from '@navarch/clock';
import { Gate } from './waiting';

/** Longest that anybody waits for the cache to be as new as the API. */
const LONGEST_MS = 30_000;

/** Those who wait until a cache is as new as the API was when they asked: a snapshot must be begun after that. */
export class CatchUp {
  #waiting: Gate[] = [];

  constructor(private readonly clock: Clock) {}

  get isWanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when such a snapshot is complete, or could not be had for half a minute; rejects with the signal's reason. */
  async wait(signal?: AbortSignal): Promise<void> {
    const gate = new Gate();
    this.#waiting.push(gate);
    const timer = this.clock.setTimeout(() => gate.open(), LONGEST_MS);
    try {
      await gate.wait(signal);
    } finally {
      timer.cancel();
      this.#waiting = this.#waiting.filter((other) => other !== gate);
    }
  }

  /** A snapshot begins. To be called when it is complete: lets those pass who waited for it. */
  begin(): () => void {
    const served = new Set(this.#waiting);
    return () => {
      this.#waiting = this.#waiting.filter((gate) => !served.has(gate));
      for (const gate of served) gate.open();
    };
  }
}
