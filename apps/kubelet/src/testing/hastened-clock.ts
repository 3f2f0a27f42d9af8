import { setImmediate } from 'node:timers/promises';
import { sleepOn, systemClock, type Clock, type Timer } from '@navarch/clock';

interface Armed {
  readonly fn: () => void;
  readonly dueMs: number;
  timer: Timer;
}

/** The system's clock, which a test can let run ahead: whoever has it sees time pass, and real containers hardly do. */
export class HastenedClock implements Clock {
  #aheadMs = 0;
  readonly #armed = new Set<Armed>();

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#aheadMs;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const armed: Armed = { fn, dueMs: this.monotonic() + ms, timer: { cancel: () => undefined } };
    this.#armed.add(armed);
    this.#arm(armed);
    return {
      cancel: () => {
        this.#armed.delete(armed);
        armed.timer.cancel();
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Lets time pass, a step at a time: what is due then is done before the next. */
  async pass(ms: number, stepMs: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.#aheadMs += stepMs;
      for (const armed of [...this.#armed].sort((a, b) => a.dueMs - b.dueMs)) {
        if (!this.#armed.has(armed)) continue; // cancelled by one before it
        armed.timer.cancel();
        if (armed.dueMs <= this.monotonic()) this.#fire(armed);
        else this.#arm(armed);
      }
      // What they ask of whoever is in this process.
      for (let turns = 0; turns < 10; turns++) await setImmediate();
    }
  }

  #arm(armed: Armed): void {
    armed.timer = systemClock.setTimeout(() => this.#fire(armed), armed.dueMs - this.monotonic());
  }

  #fire(armed: Armed): void {
    this.#armed.delete(armed);
    armed.fn();
  }
}
