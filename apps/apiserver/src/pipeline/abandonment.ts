import type { Clock } from '@navarch/clock';

/** When the time that a request may take is over. */
export class Deadline {
  private readonly endsAt: number;

  constructor(private readonly clock: Clock, ms: number) {
    this.endsAt = clock.monotonic() + ms;
  }

  get msLeft(): number {
    return this.endsAt - this.clock.monotonic();
  }
}

/** Whether anybody still waits for what is being done. */
export interface Abandonment {
  readonly aborted: boolean;
  /** Undefined while somebody waits. */
  readonly reason: unknown;
  throwIfAborted(): void;
  /** For those who listen, instead of asking now and then. */
  readonly signal: AbortSignal;
  /** Absent where the request may take for ever. */
  readonly deadline?: Pick<Deadline, 'msLeft'> | undefined;
}

/**
 * An AbortSignal is an event target, and costs as much as many a step of a request, though hardly anybody listens: it is made for those
 * who do.
 */
export class LazyAbandonment implements Abandonment {
  private aborter: AbortController | undefined;
  private why: Error | undefined;

  /** @param request its time begins to count after this is made */
  constructor(private readonly request: Pick<Abandonment, 'deadline'> = {}) {}

  get deadline(): Abandonment['deadline'] {
    return this.request.deadline;
  }

  get aborted(): boolean {
    return this.why !== undefined;
  }

  get reason(): Error | undefined {
    return this.why;
  }

  throwIfAborted(): void {
    if (this.why) throw this.why;
  }

  get signal(): AbortSignal {
    if (!this.aborter) {
      this.aborter = new AbortController();
      if (this.why) this.aborter.abort(this.why);
    }
    return this.aborter.signal;
  }

  /** The first reason stays. */
  abort(reason: Error): void {
    if (this.why) return;
    this.why = reason;
    this.aborter?.abort(reason);
  }
}

/** As a signal tells that is there already. */
export const abandonmentBy = (signal: AbortSignal): Abandonment => ({
  get aborted() {
    return signal.aborted;
  },
  get reason(): unknown {
    return signal.reason as unknown;
  },
  throwIfAborted: () => signal.throwIfAborted(),
  signal,
});
