import { systemClock, type Clock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { MemoryStore, StoreWatchCache } from '@navarch/storage';
import { inThisThread } from '../offload/offloaded-work';
import { loopback } from '../pipeline';
import { PluginChain } from '../pipeline/admission-chain';
import { defineResources, type ServedTable } from '../registry/define-resources';
import { RuntimeConfig } from '../registry/runtime-config';
import type { WriteContext } from '../registry/write-context';

export interface MemoryRegistry extends ServedTable {
  readonly store: MemoryStore;
  readonly cache: StoreWatchCache;
  readonly admission: PluginChain;
  /** A write by the administrator. */
  readonly context: WriteContext;
  stop(): Promise<void>;
}

/** The registry over a store in memory: for unit tests of what stands on it. */
export async function memoryRegistry(clock: Clock = systemClock): Promise<MemoryRegistry> {
  const store = new MemoryStore(clock);
  const cache = new StoreWatchCache({}, {
    store, log: silentLogger, clock,
    onFatal: (error) => {
      throw error;
    },
  });
  const admission = new PluginChain();
  const table = defineResources({ runtimeConfig: new RuntimeConfig({}), eventTtlSeconds: 3600 }, { store, cache, clock, log: silentLogger, admission, offload: inThisThread });
  await cache.start();
  const context: WriteContext = { user: loopback, dryRun: false, fieldManager: 'test', userAgent: '', fieldValidation: 'Ignore', force: false, trusted: false, warn: () => undefined };
  return {
    ...table, store, cache, admission, context,
    stop: async () => {
      await cache.stop();
      await store.close();
    },
  };
}
