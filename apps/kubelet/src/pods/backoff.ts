/** Upstream's numbers for containers that crash and images that cannot be pulled. */
const initialBackoffMs = 10_000;
export const maxBackoffMs = 300_000;

/** Without a failure for so long, the next one counts as the first; whatever the maximum is, as upstream. */
const forgetMs = 600_000;

interface Entry {
  readonly delayMs: number;
  readonly updatedAtMs: number;
}

/**
 * Growing delays by key, as upstream's flowcontrol.Backoff: doubled at each failure up to a maximum, forgotten
 * when ten minutes have passed without one.
 */
export class Backoff {
  readonly #entries = new Map<string, Entry>();

  readonly #initialMs: number;

  constructor(private readonly maxMs = maxBackoffMs) {
    this.#initialMs = Math.min(initialBackoffMs, maxMs);
  }

  /** Until when a key waits, given the moment of its last failure; 0 if it need not wait. */
  waitUntil(key: string, failedAtMs: number, nowMs: number): number {
    const entry = this.#entries.get(key);
    if (!entry || failedAtMs - entry.updatedAtMs > forgetMs) return 0;
    const until = failedAtMs + entry.delayMs;
    return until > nowMs ? until : 0;
  }

  /** The delay now in force for a key, for messages. */
  delay(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Counts a failure that happened at a moment: the next wait is longer. */
  next(key: string, failedAtMs: number, nowMs: number): void {
    const entry = this.#entries.get(key);
    const expired = entry !== undefined && failedAtMs - entry.updatedAtMs > forgetMs;
    const delayMs = entry && !expired ? Math.min(entry.delayMs * 2, this.maxMs) : this.#initialMs;
    this.#entries.set(key, { delayMs, updatedAtMs: nowMs });
  }

  reset(key: string): void {
    this.#entries.delete(key);
  }

  /** Drops all keys that begin with a prefix. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }
}
