import { eitherOf } from './either-signal';

/** A timer that has been set; `cancel` after it has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as a dependency: pass `systemClock` in production and a `FakeClock` in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds on a scale that nobody sets: for how long something took, or may take. What it counts from means nothing. */
  monotonic(): number;
  /** Calls `fn` once after `ms`; a negative delay counts as zero. Any delay is allowed, also over 2^31 ms. */
  setTimeout(fn: () => void, ms: number): Timer;
  /** Resolves after `ms`; rejects at once with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** `sleep` in terms of a clock's own timers: the one way to wait that gives its listener back. */
export function sleepOn(clock: Pick<Clock, 'setTimeout'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortReason(signal));
      return;
    }
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = (): void => {
      timer.cancel();
      if (signal) reject(abortReason(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Sleeps until the time has passed or one of the signals aborts, whichever comes first: for loops that look at the signals themselves. */
export function rest(clock: Pick<Clock, 'sleep'>, ms: number, ...signals: readonly [AbortSignal, ...AbortSignal[]]): Promise<void> {
  const [only] = signals;
  return (signals.length === 1 ? clock.sleep(ms, only) : eitherOf(signals, (either) => clock.sleep(ms, either))).catch((error: unknown) => {
    if (!signals.some(({ aborted }) => aborted)) throw error;
  });
}

function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
