import type { Clock } from '@navarch/clock';
import type { QueueOptions } from './scheduling-queue';

export interface History {
  /** When it first came, and when it was tried last, if it was; by `Clock.monotonic`. */
  readonly since: number;
  readonly at: number;
  readonly attempts: number;
  /** Not before then is it tried again. */
  readonly backoffUntil: number;
  /** How often plug-ins refused it, and how often in a row something failed that is not its fault: each makes back-off longer by itself. */
  readonly refused: number;
  readonly errors: number;
}

/** What became of each pod so far, as long as it waits. */
export class PodHistories {
  readonly #known = new Map<string, History>();

  constructor(private readonly options: QueueOptions, private readonly clock: Clock) {}

  get(uid: string): History | undefined {
    return this.#known.get(uid);
  }

  /** Begins now for a pod that came for the first time. */
  of(uid: string): History {
    const since = this.clock.monotonic();
    return this.#known.get(uid) ?? this.#set(uid, { since, at: since, attempts: 0, backoffUntil: 0, refused: 0, errors: 0 });
  }

  /** It is being tried from now on. */
  tried(uid: string): History {
    const history = this.of(uid);
    return this.#set(uid, { ...history, attempts: history.attempts + 1, backoffUntil: 0 });
  }

  /** Undefined for a pod that was deleted meanwhile. */
  failed(uid: string, isRefused: boolean): History | undefined {
    const history = this.#known.get(uid);
    if (history === undefined) return undefined;
    const [refused, errors] = isRefused ? [history.refused + 1, 0] : [history.refused, history.errors + 1];
    const times = isRefused ? refused : errors;
    const at = this.clock.monotonic();
    return this.#set(uid, { ...history, refused, errors, at, backoffUntil: at + Math.min(this.options.initialBackoffMs * 2 ** (times - 1), this.options.maxBackoffMs) });
  }

  delete(uid: string): void {
    this.#known.delete(uid);
  }

  #set(uid: string, history: History): History {
    this.#known.set(uid, history);
    return history;
  }
}
