import { type Clock, systemClock } from '@navarch/clock';
import { type StorageLog } from './log';
import { isStoreError } from './store-error';
import { type Store } from './types';

const compactKey = '/navarch/compact';
const everyMs = 5 * 60 * 1000;

/** What the last round saw: the store's revision, and that of the key all apiservers compare. */
interface Seen {
  readonly revision: number;
  readonly keyRevision: number;
}

export interface CompactorDeps {
  readonly store: Pick<Store, 'get' | 'commit' | 'compact' | 'currentRevision'>;
  readonly log: StorageLog;
  readonly clock?: Clock;
}

/**
 * Drops history older than five minutes (rules 1.9). Every apiserver runs one; each round, the one whose
 * compare-and-swap of a key succeeds does the work, to the revision that it saw a round earlier.
 */
export class Compactor {
  readonly #clock: Clock;
  #running: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(private readonly options: { readonly intervalMs?: number }, private readonly deps: CompactorDeps) {
    this.#clock = deps.clock ?? systemClock;
  }

  start(): Promise<void> {
    this.#running ??= this.#run();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let seen: Seen | undefined;
    do {
      try {
        seen = await this.#round(seen);
      } catch (error) {
        this.deps.log.warn({ error: String(error) }, 'compaction round failed');
        seen = undefined;
      }
    } while (await this.#nextRound());
  }

  /** False when stopped meanwhile. */
  #nextRound(): Promise<boolean> {
    return this.#clock.sleep(this.options.intervalMs ?? everyMs, this.#stopping.signal).then(() => true, () => false);
  }

  /** Answers what the next round compares and compacts to. */
  async #round(seen: Seen | undefined): Promise<Seen> {
    const { store } = this.deps;
    if (!seen) {
      const { revision } = await store.currentRevision();
      return { revision, keyRevision: (await store.get(compactKey))?.modRevision ?? 0 };
    }
    const json = Buffer.from(String(seen.revision));
    const outcome = await store.commit({ ops: [{ kind: 'put', key: compactKey, json, expectedModRevision: seen.keyRevision }] });
    if (!outcome.ok) {
      const { revision } = await store.currentRevision();
      return { revision, keyRevision: outcome.current[0]?.modRevision ?? 0 };
    }
    try {
      await store.compact(seen.revision);
      this.deps.log.info({ revision: seen.revision }, 'compacted the store');
    } catch (error) {
      if (!isStoreError(error, 'compacted')) throw error; // else someone did it by hand
    }
    return { revision: outcome.modRevision, keyRevision: outcome.modRevision };
  }
}
