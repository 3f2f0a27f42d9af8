import { sleepOn, type Clock, type Timer } from './clock';

interface Entry {
  due: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock for tests: time stands still until `advance`. */
export class FakeClock implements Clock {
  /** Of the scale that nobody sets; the wall clock is `#ahead` of it. */
  #now = 1_000;
  #ahead: number;
  #order = 0;
  readonly #entries = new Set<Entry>();

  constructor(start = Date.parse('2026-01-01T00:00:00Z')) {
    this.#ahead = start - this.#now;
  }

  now(): number {
    return this.#now + this.#ahead;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const entry: Entry = { due: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#entries.add(entry);
    return {
      cancel: () => {
        this.#entries.delete(entry);
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#entries.size;
  }

  /** Milliseconds until the next timer, undefined when none waits. */
  get nextTimerMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.due - this.#now;
  }

  /**
   * Moves time forward by `ms`, running each due timer at its own instant and letting promises settle
   * before and after it, so that a timer set by a timer fires in the same call when it is due.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await this.settle();
    for (let entry = this.#next(); entry !== undefined && entry.due <= target; entry = this.#next()) {
      this.#entries.delete(entry);
      this.#now = Math.max(this.#now, entry.due);
      entry.fn();
      await this.settle();
    }
    this.#now = target;
  }

  /** Sets the wall clock, as an operator or NTP does: timers keep the time they have left. */
  jump(ms: number): void {
    this.#ahead += ms;
  }

  /** Moves to the next timer and runs all that are due then; false when none waits. */
  async advanceToNextTimer(): Promise<boolean> {
    await this.settle();
    const ms = this.nextTimerMs;
    if (ms === undefined) return false;
    await this.advance(ms);
    return true;
  }

  /** Lets every promise that can settle without time passing do so. */
  async settle(): Promise<void> {
    // A turn of the loop drains all microtasks; the second serves code that itself yields a turn.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #next(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (first === undefined || entry.due < first.due || (entry.due === first.due && entry.order < first.order)) first = entry;
    }
    return first;
  }
}
