import { type Clock } from '@navarch/clock';
import { type EventRecorderDeps } from '@navarch/reconcile';

export interface PaceOptions {
  /** Writes a second in the long run: upstream's eventRecordQPS; 0 for no limit. */
  readonly perSecond: number;
  /** Writes at once: upstream's eventBurst. */
  readonly burst: number;
}

/** Has events written no faster than that: who comes too early waits for its turn. */
export function pacedApi(api: EventRecorderDeps['api'], { perSecond, burst }: PaceOptions, clock: Clock): EventRecorderDeps['api'] {
  if (perSecond === 0) return api;
  let left = burst;
  let atMs = clock.now();
  const turn = async (): Promise<void> => {
    const nowMs = clock.now();
    left = Math.min(burst, left + (Math.max(0, nowMs - atMs) * perSecond) / 1000) - 1;
    atMs = nowMs;
    // What is owed is what those before have taken in advance.
    if (left < 0) await clock.sleep((-left * 1000) / perSecond);
  };
  return {
    create: async (...write) => {
      await turn();
      return api.create(...write);
    },
    patch: async (...write) => {
      await turn();
      return api.patch(...write);
    },
  };
}
