import { setMaxListeners } from 'node:events';
import type { KubeObject } from '@navarch/api';
import type { Clock } from '@navarch/clock';
import type { ObjectSource } from '@navarch/reconcile';

/** Waits until sources are complete, but no longer than that: one that never is must not keep the others from being used. Answers which of them are. */
export async function patientSync(sources: readonly ObjectSource<KubeObject>[], patienceMs: number, clock: Clock, signal: AbortSignal): Promise<readonly boolean[]> {
  const isKnown = sources.map(() => false);
  const enough = new AbortController();
  const ended = AbortSignal.any([signal, enough.signal]);
  // Every source that it waits for listens.
  setMaxListeners(0, ended);
  const synced = Promise.all(sources.map(async (source, index) => {
    await source.waitForSync(ended);
    isKnown[index] = true;
  }));
  try {
    await Promise.race([synced, clock.sleep(patienceMs, ended)]);
  } finally {
    enough.abort(new Error('waited long enough'));
    synced.catch(() => undefined);
  }
  signal.throwIfAborted();
  return isKnown;
}
