import { createHash } from 'node:crypto';
import type { Clock } from '@navarch/clock';

/** A key that is as short as any other: what clients ask is as long as they like. */
export function hashedKey(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** Answers that are good for a while; bounded, the oldest go first. */
export class TimedCache<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly until: number }>();
  /** How many more are taken before those that are over are looked for: each time as many as there are then, so that looking costs little. */
  #untilSweep = 0;

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): T | undefined {
    const found = this.entries.get(key);
    if (found === undefined || found.until > this.clock.now()) return found?.value;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, ttlMs: number): void {
    if (ttlMs <= 0) return;
    this.entries.delete(key);
    if (--this.#untilSweep <= 0) this.#sweep();
    for (const oldest of this.entries.keys()) {
      if (this.entries.size < this.limit) break;
      this.entries.delete(oldest);
    }
    this.entries.set(key, { value, until: this.clock.now() + ttlMs });
  }

  /** Whoever is never asked for again would stay otherwise. */
  #sweep(): void {
    const now = this.clock.now();
    for (const [key, { until }] of this.entries) if (until <= now) this.entries.delete(key);
    this.#untilSweep = this.entries.size;
  }
}
