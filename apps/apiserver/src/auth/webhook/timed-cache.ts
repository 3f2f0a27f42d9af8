import type { Clock } from '@navarch/clock';

/** Answers that are good for a while; bounded, the oldest go first. */
export class TimedCache<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {}

  get(key: string): T | undefined {
    const found = this.entries.get(key);
    if (found === undefined || found.until > this.clock.now()) return found?.value;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, ttlMs: number): void {
    if (ttlMs <= 0) return;
    this.entries.delete(key);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size < this.limit) break;
      this.entries.delete(oldest);
    }
    this.entries.set(key, { value, until: this.clock.now() + ttlMs });
  }
}
