import { type Clock, type Timer } from '@navarch/clock';
import { deferred } from '../deferred';

interface Waiter {
  readonly promise: Promise<boolean>;
  readonly settle: (reached: boolean) => void;
  readonly timer: Timer;
}

/** Those who wait for the cache to reach a revision. All who wait for one revision share a promise and a timer. */
export class VersionWaiters {
  readonly #waiters = new Map<number, Waiter>();

  constructor(private readonly clock: Clock) {}

  /** Resolves to true when the revision is reached, to false `ms` after the first one began to wait for it. */
  wait(revision: number, ms: number): Promise<boolean> {
    const present = this.#waiters.get(revision);
    if (present) return present.promise;
    const { promise, resolve } = deferred<boolean>();
    const settle = (reached: boolean): void => {
      this.#waiters.delete(revision);
      resolve(reached);
    };
    const timer = this.clock.setTimeout(() => settle(false), ms);
    this.#waiters.set(revision, { promise, settle, timer });
    return promise;
  }

  /** The cache is at this revision. */
  advance(revision: number): void {
    for (const [target, { timer, settle }] of this.#waiters) {
      if (target > revision) continue;
      timer.cancel();
      settle(true);
    }
  }

  /** Ends all waits as not reached. */
  stop(): void {
    for (const { timer, settle } of this.#waiters.values()) {
      timer.cancel();
      settle(false);
    }
  }
}
