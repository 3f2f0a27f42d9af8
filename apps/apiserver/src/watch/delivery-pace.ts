/** What one write to one watcher over TLS costs the server's thread, headers and system call included (docs/architecture.md, costs). */
const WRITE_MS = 0.0125;
/** A round of writes is followed by this many times its own length without one, so that deliveries leave the thread to requests. */
const REST = 4;
/** No event waits longer for those that leave with it. */
const MOST_MS = 20;

/**
 * When a group's next round of writes begins. What happens after a quiet while leaves at once; in a burst the events of a few
 * milliseconds leave together, the more of them the more watchers there are: a round costs by its writes, hardly by its events.
 */
export class DeliveryPace {
  private restUntil = 0;

  /** Milliseconds to wait from `nowMs`; 0 for the end of this turn of the event loop. */
  delayMs(nowMs: number): number {
    const delay = this.restUntil - nowMs;
    // A clock that was set back must not hold events.
    return delay >= 1 && delay <= MOST_MS ? delay : 0;
  }

  /** A round of that many writes was made. */
  wrote(nowMs: number, watchers: number): void {
    this.restUntil = nowMs + Math.min(MOST_MS, watchers * WRITE_MS * REST);
  }
}
