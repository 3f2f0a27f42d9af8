export interface EventuallyOptions {
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  /** Each pause is half as long again as the one before it, up to this; unless given, all are the same. */
  readonly maxIntervalMs?: number;
}

/**
 * Waits until `probe` neither throws nor returns false or undefined, and yields what it returned; fails with its last
 * error. For integration tests only: unit tests have a FakeClock. A probe that yields nothing, as a bare `expect` does, would never
 * be true: it does not compile.
 */
export async function eventually<T extends object | string | number | bigint | boolean | null | undefined>(
  probe: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const { timeoutMs = 30_000, intervalMs = 20, maxIntervalMs = intervalMs } = options;
  let pauseMs = intervalMs;
  const end = Date.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const value = await probe();
      if (value !== false && value !== undefined) return value as T as Exclude<T, false | undefined>;
      failure = new Error(`still ${String(value)}`);
    } catch (error) {
      failure = error;
    }
    if (Date.now() >= end) throw new Error(`not within ${timeoutMs} ms: ${failure instanceof Error ? failure.message : String(failure)}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 1.5, maxIntervalMs);
  }
}
