import type { Clock } from './clock';

/**
 * Runs something until one of several signals aborts, for that signal's reason. AbortSignal.any would do, but that nobody gives its signals
 * back: one that lives as long as its process remembers every other that was ever made of it.
 */
export async function eitherOf<T>(signals: readonly AbortSignal[], act: (either: AbortSignal) => Promise<T>): Promise<T> {
  const either = new AbortController();
  const giveBack = signals.map((signal) => follow(either, signal));
  try {
    return await act(either.signal);
  } finally {
    for (const give of giveBack) give();
  }
}

export interface TimeLimit {
  /** Undefined: as long as it likes. */
  readonly timeoutMs?: number | undefined;
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
  /** What it ends with when its time is over. */
  readonly reason: () => Error;
}

/** Runs something until its time is over or its caller gives up. */
export async function within<T>(clock: Pick<Clock, 'setTimeout'>, { timeoutMs, signal, reason }: TimeLimit, act: (either: AbortSignal) => Promise<T>): Promise<T> {
  const either = new AbortController();
  const giveBack = signal && follow(either, signal);
  const timer = timeoutMs === undefined ? undefined : clock.setTimeout(() => either.abort(reason()), timeoutMs);
  try {
    return await act(either.signal);
  } finally {
    timer?.cancel();
    giveBack?.();
  }
}

/** Aborts with a signal, until that is given back. */
function follow(controller: AbortController, signal: AbortSignal): () => void {
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}
