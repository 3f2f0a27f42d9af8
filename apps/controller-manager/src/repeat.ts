import { rest, type Clock } from '@navarch/clock';
import type { ReconcileLog } from '@navarch/reconcile';

/** Does something every `periodMs` until the signal aborts; a failure is logged and the next round comes all the same. */
export async function repeat(
  name: string,
  periodMs: number,
  work: (signal: AbortSignal) => Promise<void>,
  deps: { readonly clock: Clock; readonly log: ReconcileLog },
  signal: AbortSignal,
): Promise<void> {
  const stopping = (): boolean => signal.aborted;
  while (!stopping()) {
    try {
      await work(signal);
    } catch (error) {
      if (stopping()) return;
      deps.log.warn({ err: error, work: name }, 'periodic work failed');
    }
    await rest(deps.clock, periodMs, signal);
  }
}
