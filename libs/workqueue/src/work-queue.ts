import { type Clock, type Timer } from '@navarch/clock';
import { DelayHeap } from './delay-heap';
import { Fifo } from './fifo';
import { defaultControllerRateLimiter, type RateLimiter } from './rate-limiter';
import { noMetrics, type ObservedQueue, type QueueObserver, type WorkQueueMetrics } from './work-queue-metrics';

export interface WorkQueueOptions<K> {
  /** Label of its metrics. */
  readonly name: string;
  readonly rateLimiter?: RateLimiter<K>;
}

export interface WorkQueueDeps {
  readonly clock: Clock;
  readonly metrics?: WorkQueueMetrics;
}

type Waiter<K> = (key: K | undefined) => void;

/**
 * A queue of keys with the semantics of client-go's util/workqueue: a key is queued once however often it is added,
 * is worked on by one worker at a time, and is queued again if it was added while being worked on.
 *
 * Workers: `for (let key = await q.get(); key !== undefined; key = await q.get()) { ... q.done(key) }`.
 */
export class WorkQueue<K = string> implements ObservedQueue {
  readonly name: string;
  readonly #queue = new Fifo<K>();
  /** Keys that need work; the queue holds those of them that are not being worked on. */
  readonly #dirty = new Set<K>();
  /** Keys being worked on, with when that began. */
  readonly #processing = new Map<K, number>();
  readonly #addedAt = new Map<K, number>();
  readonly #delayed = new DelayHeap<K>();
  readonly #waiters = new Fifo<Waiter<K>>();
  readonly #drained: (() => void)[] = [];
  readonly #clock: Clock;
  readonly #limiter: RateLimiter<K>;
  readonly #observer: QueueObserver;
  #timer: { readonly at: number; readonly timer: Timer } | undefined;
  #shuttingDown = false;

  constructor(options: WorkQueueOptions<K>, deps: WorkQueueDeps) {
    this.name = options.name;
    this.#clock = deps.clock;
    this.#limiter = options.rateLimiter ?? defaultControllerRateLimiter<K>(deps.clock);
    this.#observer = (deps.metrics ?? noMetrics).observe(this);
  }

  /** Keys waiting for a worker; those that are delayed do not count. */
  get length(): number {
    return this.#queue.length;
  }

  get shuttingDown(): boolean {
    return this.#shuttingDown;
  }

  /** Marks a key as needing work. */
  add(key: K): void {
    if (this.#shuttingDown || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    this.#addedAt.set(key, this.#clock.monotonic());
    this.#observer.addsTotal();
    if (this.#processing.has(key)) return;
    this.#enqueue(key);
  }

  /** Adds a key after `ms`; a key that already waits comes at the earlier of the two times. */
  addAfter(key: K, ms: number): void {
    if (this.#shuttingDown) return;
    this.#observer.retriesTotal();
    if (ms <= 0) {
      this.add(key);
      return;
    }
    this.#delayed.add(key, this.#clock.monotonic() + ms);
    this.#setTimer();
  }

  /** Adds a key when the rate limiter lets it: after a failure. */
  addRateLimited(key: K): void {
    this.addAfter(key, this.#limiter.when(key));
  }

  /** Ends the rate limiter's memory of a key: after success, or when it is given up. Does not take it off the queue. */
  forget(key: K): void {
    this.#limiter.forget(key);
  }

  /** How often a key was added rate-limited since it was last forgotten. */
  numRequeues(key: K): number {
    return this.#limiter.numRequeues(key);
  }

  /**
   * The next key to work on; its worker must call `done`. Undefined once the queue is shut down and empty, or when
   * the signal aborts.
   */
  get(signal?: AbortSignal): Promise<K | undefined> {
    const key = this.#take();
    if (key) return Promise.resolve(key.value);
    if (this.#shuttingDown || signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiter: Waiter<K> = (value) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(value);
      };
      const onAbort = (): void => {
        this.#waiters.remove(waiter);
        resolve(undefined);
      };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The work on a key is over; if it was added meanwhile it is queued again. */
  done(key: K): void {
    const startedAt = this.#processing.get(key);
    if (startedAt === undefined) return;
    this.#processing.delete(key);
    this.#observer.workDurationSeconds((this.#clock.monotonic() - startedAt) / 1000);
    if (this.#dirty.has(key)) this.#enqueue(key);
    if (this.#processing.size === 0 && this.#queue.length === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Takes no more keys; workers get those still queued and then undefined. Delayed keys are dropped. */
  shutDown(): void {
    this.#shuttingDown = true;
    this.#delayed.clear();
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    for (let waiter = this.#waiters.shift(); waiter; waiter = this.#waiters.shift()) waiter(undefined);
  }

  /** Shuts down, and resolves when no key is queued or worked on. */
  shutDownWithDrain(): Promise<void> {
    this.shutDown();
    if (this.#processing.size === 0 && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  unfinishedWorkSeconds(): number {
    const now = this.#clock.monotonic();
    let total = 0;
    for (const startedAt of this.#processing.values()) total += now - startedAt;
    return total / 1000;
  }

  longestRunningProcessorSeconds(): number {
    const now = this.#clock.monotonic();
    let longest = 0;
    for (const startedAt of this.#processing.values()) longest = Math.max(longest, now - startedAt);
    return longest / 1000;
  }

  #enqueue(key: K): void {
    this.#queue.push(key);
    const waiter = this.#waiters.shift();
    if (waiter) waiter(this.#take()?.value);
    else this.#observer.depth(this.#queue.length);
  }

  #take(): { readonly value: K } | undefined {
    if (this.#queue.length === 0) return undefined;
    const key = this.#queue.shift() as K;
    const now = this.#clock.monotonic();
    this.#dirty.delete(key);
    this.#processing.set(key, now);
    this.#observer.queueDurationSeconds((now - (this.#addedAt.get(key) ?? now)) / 1000);
    this.#addedAt.delete(key);
    this.#observer.depth(this.#queue.length);
    return { value: key };
  }

  #setTimer(): void {
    const at = this.#delayed.nextReadyAt;
    if (at === undefined || (this.#timer && this.#timer.at <= at)) return;
    this.#timer?.timer.cancel();
    const timer = this.#clock.setTimeout(() => this.#addReady(), at - this.#clock.monotonic());
    this.#timer = { at, timer };
  }

  #addReady(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let ready = this.#delayed.takeReady(now); ready; ready = this.#delayed.takeReady(now)) this.add(ready.key);
    this.#setTimer();
  }
}
