import { type Clock, systemClock } from '@navarch/clock';
import { type StorageLog } from '../log';
import { type StoredValue, type StoreEvent, type StoreWatch, type WatchSink } from '../types';
import { allOf, mapEventually } from './eventually';
import { type Eventually } from './transformer';

type PutEvent = StoreEvent & { readonly kind: 'put' };

const backoffMs = { first: 100, most: 5_000 } as const;

export interface SealedWatchDeps {
  readonly log: StorageLog;
  readonly clock?: Clock;
}

/**
 * Opens what a watch delivers, and keeps its order: while one revision waits for its values, those after it wait too.
 * Nothing waits when everything can be opened at once.
 */
export class SealedWatch implements WatchSink, StoreWatch {
  /** What is to be delivered after the revision that is being opened; undefined when none is. */
  #waiting: (() => Eventually<void>)[] | undefined;
  readonly #closing = new AbortController();
  #watch: StoreWatch | undefined;

  constructor(private readonly sink: WatchSink, private readonly open: (value: StoredValue) => Eventually<StoredValue>, private readonly deps: SealedWatchDeps) {}

  /** The watch that feeds it. */
  over(watch: StoreWatch): this {
    this.#watch = watch;
    return this;
  }

  reopen(): void {
    this.#watch?.reopen();
  }

  close(): void {
    this.#closing.abort();
    this.#watch?.close();
  }

  onOpened(): void {
    this.sink.onOpened();
  }

  onRevision(revision: number, events: readonly StoreEvent[]): void {
    this.#inOrder(() => mapEventually(() => this.#openAll(events), (opened) => this.#deliver(revision, opened), (error) => {
      throw error;
    }));
  }

  onCompacted(compactRevision: number): void {
    this.#inOrder(() => {
      if (!this.#closing.signal.aborted) this.sink.onCompacted(compactRevision);
    });
  }

  #inOrder(step: () => Eventually<void>): void {
    if (this.#waiting) {
      this.#waiting.push(step);
      return;
    }
    const done = step();
    if (done instanceof Promise) void this.#drain(done);
  }

  async #drain(first: Promise<void>): Promise<void> {
    const steps: (() => Eventually<void>)[] = [];
    this.#waiting = steps;
    await first;
    for (let step = steps.shift(); step && !this.#closing.signal.aborted; step = steps.shift()) await step();
    this.#waiting = undefined;
  }

  #deliver(revision: number, events: readonly StoreEvent[]): void {
    if (!this.#closing.signal.aborted) this.sink.onRevision(revision, events);
  }

  #openAll(events: readonly StoreEvent[]): Eventually<StoreEvent[]> {
    return allOf(events.map((event) => (event.kind === 'put' ? this.#openEvent(event) : event)));
  }

  #openEvent(event: PutEvent): Eventually<StoreEvent> {
    return mapEventually(() => this.open(event), (value): StoreEvent => ({ ...value, kind: 'put' }), (error) => this.#again(event, error));
  }

  /** Whoever opens it does not answer now: it is asked again until it does, for what comes after may depend on it. */
  async #again(event: PutEvent, failure: unknown): Promise<StoreEvent> {
    const { clock = systemClock, log } = this.deps;
    let error = failure;
    for (let delay: number = backoffMs.first; !this.#closing.signal.aborted; delay = Math.min(delay * 2, backoffMs.most)) {
      log.warn({ key: event.key, error: String(error), retryMs: delay }, 'cannot open a value that has changed, the watch waits');
      try {
        await clock.sleep(delay, this.#closing.signal);
        return { ...(await this.open(event)), kind: 'put' };
      } catch (reason) {
        error = reason;
      }
    }
    return event; // closed: nobody is told
  }
}
