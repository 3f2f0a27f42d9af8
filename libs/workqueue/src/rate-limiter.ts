import { type Clock } from '@navarch/clock';

/** Says how long a key must wait before it is tried again. */
export interface RateLimiter<K = string> {
  /** Counts a failure and yields the wait in milliseconds. */
  when(key: K): number;
  /** The key succeeded, or is given up: its failures no longer count. */
  forget(key: K): void;
  /** Failures counted so far. */
  numRequeues(key: K): number;
}

/** Doubles the wait with each failure of a key: base, 2 × base, 4 × base ... up to a maximum. */
export class ExponentialRateLimiter<K = string> implements RateLimiter<K> {
  readonly #failures = new Map<K, number>();

  constructor(
    private readonly baseMs: number,
    private readonly maxMs: number,
  ) {}

  when(key: K): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(this.baseMs * 2 ** failures, this.maxMs);
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }

  numRequeues(key: K): number {
    return this.#failures.get(key) ?? 0;
  }
}

/** A token bucket over all keys: `burst` at once, then `qps` a second. */
export class BucketRateLimiter<K = string> implements RateLimiter<K> {
  #tokens: number;
  #filledAt: number;

  constructor(
    private readonly qps: number,
    private readonly burst: number,
    private readonly clock: Clock,
  ) {
    this.#tokens = burst;
    this.#filledAt = clock.monotonic();
  }

  when(): number {
    const now = this.clock.monotonic();
    const elapsed = now - this.#filledAt;
    this.#filledAt = now;
    this.#tokens = Math.min(this.burst, this.#tokens + (elapsed * this.qps) / 1000) - 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.qps) * 1000;
  }

  forget(): void {
    // A bucket has no memory of keys.
  }

  numRequeues(): number {
    return 0;
  }
}

/** The longest wait of several limiters; each counts. */
export class MaxOfRateLimiter<K = string> implements RateLimiter<K> {
  readonly #limiters: readonly RateLimiter<K>[];

  constructor(...limiters: readonly RateLimiter<K>[]) {
    this.#limiters = limiters;
  }

  when(key: K): number {
    return Math.max(...this.#limiters.map((limiter) => limiter.when(key)));
  }

  forget(key: K): void {
    for (const limiter of this.#limiters) limiter.forget(key);
  }

  numRequeues(key: K): number {
    return Math.max(...this.#limiters.map((limiter) => limiter.numRequeues(key)));
  }
}

/**
 * What controllers use unless they know better: 5 ms to 1000 s by key, and 10 a second (100 at once) overall, as
 * client-go's util/workqueue/default_rate_limiters.go.
 */
export function defaultControllerRateLimiter<K = string>(clock: Clock): RateLimiter<K> {
  return new MaxOfRateLimiter<K>(new ExponentialRateLimiter(5, 1_000_000), new BucketRateLimiter(10, 100, clock));
}
