/** Upstream checks all this often, and one whenever something about it changes. */
const checkEveryMs = 30_000;
const firstRetryMs = 250;

/** When which aggregated API server is to be asked: all of them now and then, one at once when something about it has changed, and with growing pauses while it does not answer. Times are of `Clock.monotonic`. */
export class CheckSchedule {
  readonly #due = new Set<string>();
  readonly #retries = new Map<string, { readonly at: number; readonly pauseMs: number }>();
  #allAt: number;

  constructor(now: number) {
    this.#allAt = now;
  }

  /** When somebody is to be asked next. */
  get nextAt(): number {
    return this.#due.size > 0 ? 0 : Math.min(this.#allAt, ...Array.from(this.#retries.values(), ({ at }) => at));
  }

  /** Something about it has changed. */
  changed(key: string): void {
    this.#due.add(key);
  }

  answered(key: string): void {
    this.#retries.delete(key);
  }

  failed(key: string, now: number): void {
    const pauseMs = Math.min(2 * (this.#retries.get(key)?.pauseMs ?? firstRetryMs / 2), checkEveryMs);
    this.#retries.set(key, { at: now + pauseMs, pauseMs });
  }

  forget(key: string): void {
    this.#due.delete(key);
    this.#retries.delete(key);
  }

  /** Those to be asked now. @param known all there are */
  take(known: Iterable<string>, now: number): string[] {
    const all = now >= this.#allAt;
    if (all) this.#allAt = now + checkEveryMs;
    const asked = new Set(Array.from(known).filter((key) => all || this.#due.has(key) || (this.#retries.get(key)?.at ?? Infinity) <= now));
    this.#due.clear();
    for (const [key, { at, pauseMs }] of this.#retries) {
      // How it goes is told by `failed` or `answered`; nobody tells of who is gone.
      if (asked.has(key)) this.#retries.set(key, { at: Infinity, pauseMs });
      else if (at <= now) this.#retries.delete(key);
    }
    return [...asked];
  }
}
