interface Delays {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** How long each sort of failed action waits: upstream's numbers for volumes and for a pod's next sync. */
function delaysOf(key: string): Delays {
  if (key === 'volumes') return { firstMs: 500, lastMs: 122_000 };
  if (key.startsWith('start/')) return { firstMs: 10_000, lastMs: 10_000 };
  return { firstMs: 1_000, lastMs: 10_000 };
}

/** When failed actions may be tried again, by key. */
export class RetryTimes {
  readonly #failures = new Map<string, number>();
  readonly times = new Map<string, number>();

  failed(key: string, nowMs: number, atMs?: number): void {
    const count = this.#failures.get(key) ?? 0;
    this.#failures.set(key, count + 1);
    const { firstMs, lastMs } = delaysOf(key);
    this.times.set(key, atMs ?? nowMs + Math.min(lastMs, firstMs * 2 ** Math.min(count, 20)));
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
    this.times.delete(key);
  }

  /** Everything may be tried at once: what stood in the way has changed. */
  clear(): void {
    this.#failures.clear();
    this.times.clear();
  }
}
