import { type CacheEvent, type SubscriptionEnd, type SubscriptionSink } from '../cache-types';

/** Sinks of one class of events. A sink that throws is ended, and the others go on. */
export class Subscribers<T extends object> {
  readonly #sinks = new Set<SubscriptionSink<T>>();

  constructor(private readonly onFailure: (error: unknown) => void) {}

  get size(): number {
    return this.#sinks.size;
  }

  add(sink: SubscriptionSink<T>): void {
    this.#sinks.add(sink);
  }

  remove(sink: SubscriptionSink<T>): void {
    this.#sinks.delete(sink);
  }

  deliver(events: readonly CacheEvent<T>[], revision: number): void {
    for (const sink of this.#sinks) {
      try {
        sink.onEvents(events, revision);
      } catch (error) {
        this.onFailure(error);
        this.#sinks.delete(sink);
        this.#end(sink, 'failed');
      }
    }
  }

  end(reason: SubscriptionEnd): void {
    const sinks = [...this.#sinks];
    this.#sinks.clear();
    for (const sink of sinks) this.#end(sink, reason);
  }

  #end(sink: SubscriptionSink<T>, reason: SubscriptionEnd): void {
    try {
      sink.onEnd(reason);
    } catch (error) {
      this.onFailure(error);
    }
  }
}
