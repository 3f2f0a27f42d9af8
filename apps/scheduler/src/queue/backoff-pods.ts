import type { Clock } from '@navarch/clock';

/** Upstream's window of a second within which order is not by time. */
const window = (until: number): number => Math.floor(until / 1000);

/** Things that wait for a time of their own each; one timer for all of them. */
export class BackoffPods<T extends { readonly uid: string }> {
  /** Few enough times lie so close together that order within one millisecond matters. */
  readonly #waiting = new Map<string, { entry: T; until: number }>();
  #timer: { cancel(): void; at: number } | undefined;

  /** @param onDue called with each when its time has come */
  constructor(private readonly clock: Clock, private readonly onDue: (entry: T) => void) {}

  get size(): number {
    return this.#waiting.size;
  }

  get(uid: string): T | undefined {
    return this.#waiting.get(uid)?.entry;
  }

  has(uid: string): boolean {
    return this.#waiting.has(uid);
  }

  add(entry: T, until: number): void {
    this.#waiting.set(entry.uid, { entry, until });
    this.#arm(until);
  }

  /** Renews an entry that waits; its time stays. */
  replace(entry: T): void {
    const waiting = this.#waiting.get(entry.uid);
    if (waiting !== undefined) waiting.entry = entry;
  }

  /** Takes the one that waits the shortest from now on; of those within the same second the one that goes `before` the others. */
  takeNext(before: (a: T, b: T) => boolean): T | undefined {
    let next: { entry: T; until: number } | undefined;
    for (const candidate of this.#waiting.values()) {
      const [mine, best] = [window(candidate.until), next === undefined ? Infinity : window(next.until)];
      if (next === undefined || mine < best || (mine === best && before(candidate.entry, next.entry))) next = candidate;
    }
    if (next !== undefined) this.#waiting.delete(next.entry.uid);
    return next?.entry;
  }

  delete(uid: string): void {
    this.#waiting.delete(uid);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #arm(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const timer = this.clock.setTimeout(() => this.#release(), Math.max(at - this.clock.monotonic(), 0));
    this.#timer = { cancel: () => timer.cancel(), at };
  }

  #release(): void {
    this.#timer = undefined;
    const now = this.clock.monotonic();
    let next = Infinity;
    for (const [uid, { entry, until }] of [...this.#waiting].sort(([, a], [, b]) => a.until - b.until)) {
      if (until > now) {
        next = until;
        break;
      }
      this.#waiting.delete(uid);
      this.onDue(entry);
    }
    if (next < Infinity) this.#arm(next);
  }
}
