import { status } from '@grpc/grpc-js';
import { type runtimev1 } from '@navarch/proto';

import { CriError } from '../cri-error';

/** Beyond this a subscriber has stopped reading; it is told so, and lists anew. */
const MAX_PENDING = 10_000;

/** Spreads container events to any number of subscribers; without one, an event costs nothing. */
export class ContainerEvents {
  readonly #subscribers = new Set<(event: runtimev1.ContainerEventResponse) => void>();

  get hasSubscribers(): boolean {
    return this.#subscribers.size > 0;
  }

  publish(event: runtimev1.ContainerEventResponse): void {
    for (const subscriber of this.#subscribers) subscriber(event);
  }

  /** All events from the call on, until the signal aborts. */
  async *subscribe(signal: AbortSignal): AsyncGenerator<runtimev1.ContainerEventResponse> {
    let pending: runtimev1.ContainerEventResponse[] = [];
    let wake: (() => void) | undefined;
    const subscriber = (event: runtimev1.ContainerEventResponse): void => {
      // One more than the limit stands for all that were lost.
      if (pending.length <= MAX_PENDING) pending.push(event);
      wake?.();
    };
    const onAbort = (): void => wake?.();
    this.#subscribers.add(subscriber);
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        if (pending.length > MAX_PENDING) throw new CriError(status.RESOURCE_EXHAUSTED, 'event subscriber is too slow');
        const batch = pending;
        pending = [];
        yield* batch;
        if (pending.length === 0) await new Promise<void>((resolve) => (signal.aborted ? resolve() : (wake = resolve)));
      }
    } finally {
      this.#subscribers.delete(subscriber);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
