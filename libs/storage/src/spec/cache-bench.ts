import { FakeClock } from '@navarch/clock';
import { StoreWatchCache, type WatchCacheOptions } from '../cache/store-watch-cache';
import { type CacheEvent, type ResourceCache, type SubscriptionEnd, type SubscriptionSink } from '../cache-types';
import { MemoryStore } from '../memory/memory-store';
import { type WriteOp } from '../types';
import { podPrefix, pods, recordingLog, succeeded, type TestPod, write } from './store-builders';

export interface Follower extends SubscriptionSink<TestPod> {
  readonly seen: string[];
  readonly events: CacheEvent<TestPod>[];
  readonly ends: SubscriptionEnd[];
}

/** Notes what it is told. */
export function follower(): Follower {
  const seen: string[] = [];
  const events: CacheEvent<TestPod>[] = [];
  const ends: SubscriptionEnd[] = [];
  return {
    seen, events, ends,
    onEvents: (batch) => {
      events.push(...batch);
      seen.push(...batch.map(({ type, key }) => `${type} ${key.slice(podPrefix.length)}`));
    },
    onEnd: (reason) => ends.push(reason),
  };
}

/** A cache of pods over a store in memory. */
export class CacheBench {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore(this.clock);
  readonly fatal: Error[] = [];
  readonly cache: StoreWatchCache;
  readonly podCache: ResourceCache<TestPod>;

  constructor(options: WatchCacheOptions = {}, readonly log = recordingLog()) {
    this.cache = new StoreWatchCache(options, { store: this.store, clock: this.clock, log, onFatal: (error) => this.fatal.push(error) });
    this.podCache = this.cache.register(pods);
  }

  /** Writes, and waits until the cache has it. */
  async commit(...ops: WriteOp[]): Promise<{ versions: readonly number[]; modRevision: number }> {
    const { resourceVersions, modRevision } = succeeded(await this.store.commit(write(...ops)));
    await this.cache.waitFor(resourceVersions[0] ?? 0);
    return { versions: resourceVersions, modRevision };
  }

  async close(): Promise<void> {
    await this.cache.stop();
    await this.store.close();
  }
}
