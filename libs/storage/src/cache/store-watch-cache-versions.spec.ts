import { type FakeClock } from '@navarch/clock';
import { type ResourceCache } from '../cache-types';
import { type MemoryStore } from '../memory/memory-store';
import { collectionVersion } from '../resource-version';
import { CacheBench, follower } from '../spec/cache-bench';
import { configMaps, podPrefix, pods, put, remove, succeeded, type TestPod, write } from '../spec/store-builders';
import { type StoreErrorCode } from '../store-error';
import { type StoreWatchCache, type WatchCacheOptions } from './store-watch-cache';

const a = `${podPrefix}default/a`;
const b = `${podPrefix}default/b`;
const onNode = (nodeName: string, extra: object = {}): object => ({ spec: { nodeName }, ...extra });
const storeError = (code: StoreErrorCode): Error => expect.objectContaining({ code }) as Error;

describe('StoreWatchCache and versions, lost watches and late resources', () => {
  let bench: CacheBench;
  let clock: FakeClock;
  let store: MemoryStore;
  let cache: StoreWatchCache;
  let podCache: ResourceCache<TestPod>;
  const commit: CacheBench['commit'] = (...ops) => bench.commit(...ops);

  function open(options: WatchCacheOptions = {}): void {
    bench = new CacheBench(options);
    ({ clock, store, cache, podCache } = bench);
  }

  beforeEach(() => open());
  afterEach(() => bench.close());

  describe('versions', () => {
    it('wait for a version up to three seconds', async () => {
      await cache.start();
      const waiting = cache.waitFor(collectionVersion(cache.revision + 1));
      const outcome = store.commit(write(put(a, 0)));
      await Promise.all([waiting, outcome]);
      const tooLate = cache.waitFor(collectionVersion(cache.revision + 1));
      const rejected = expect(tooLate).rejects.toMatchObject({ code: 'futureVersion', current: cache.version });
      await clock.advance(2_999);
      await clock.advance(1);
      await rejected;
    });

    it('make a consistent read see every write acknowledged before', async () => {
      await cache.start();
      const created = succeeded(await store.commit(write(put(a, 0))));
      await cache.fresh();
      expect(cache.revision).toBeGreaterThanOrEqual(created.modRevision);
      expect(podCache.get(a)).toBeDefined();
    });

    it('end it all when the store holds another history', async () => {
      await cache.start();
      const seen = follower();
      podCache.subscribe(cache.version, seen);
      store.replaceHistory();
      await expect(cache.fresh()).rejects.toMatchObject({ code: 'foreignHistory' });
      await expect(cache.fresh()).rejects.toMatchObject({ code: 'foreignHistory' });
      expect(bench.fatal).toHaveLength(1);
      expect(seen.ends).toEqual(['stopped']);
    });
  });

  describe('when a watch falls behind', () => {
    /** A store whose watch is silent until released. */
    function holdWatch(): { release: () => void; reopened: () => number } {
      let release = (): void => undefined;
      let reopened = 0;
      const watch = store.watch.bind(store);
      store.watch = (from, sink) => {
        release = () => watch(from, sink);
        return { close: () => undefined, reopen: () => reopened++ };
      };
      return { release: () => release(), reopened: () => reopened };
    }

    it('fails consistent reads after three seconds and opens another member after five', async () => {
      const held = holdWatch();
      await cache.start();
      await store.commit(write(put(a, 0)));
      const read = expect(cache.fresh()).rejects.toMatchObject({ code: 'futureVersion' });
      await clock.advance(3_000);
      await read;
      expect(held.reopened()).toBe(0);
      await clock.advance(2_000);
      expect(held.reopened()).toBe(1);
    });

    it('loads everything again and ends all watches when its events were compacted', async () => {
      const held = holdWatch();
      await cache.start();
      const n1 = follower();
      const all = follower();
      podCache.subscribe(cache.version, n1, { node: 'n1' });
      podCache.subscribe(cache.version, all);
      const created = succeeded(await store.commit(write(put(a, 0, onNode('n1')))));
      const deleted = succeeded(await store.commit(write(remove(a, created.modRevision), put(b, 0))));
      await store.compact(deleted.modRevision);
      let rebuilt = 0;
      cache.follow({ onApplied: () => undefined, onRebuilt: () => rebuilt++ });
      held.release();
      await cache.waitFor(deleted.resourceVersions[0]!);
      expect([n1.ends, all.ends]).toEqual([['rebuilt'], ['rebuilt']]);
      expect(podCache.list().map(({ key }) => key)).toEqual([b]);
      expect(podCache.lastVersion).toBe(cache.version);
      await clock.settle();
      expect(rebuilt).toBe(1);
    });
  });

  describe('resources that come later', () => {
    it('are loaded while writes go on', async () => {
      await store.commit(write(put('/registry/core/configmaps/d/before', 0)));
      await cache.start();
      const late = cache.register(configMaps);
      expect(late.isReady).toBe(false);
      expect(() => late.list()).toThrow(storeError('unavailable'));
      const during = Promise.all([1, 2, 3].map((n) => store.commit(write(put(`/registry/core/configmaps/d/during${n}`, 0)))));
      await late.ready();
      await during;
      await cache.fresh();
      expect(late.list().map(({ key }) => key.split('/').at(-1))).toEqual(['before', 'during1', 'during2', 'during3']);
    });

    it('replace the one before, whose watches end', async () => {
      await cache.start();
      const seen = follower();
      podCache.subscribe(cache.version, seen);
      const again = cache.register({ ...pods, schemaGeneration: 1 });
      expect(seen.ends).toEqual(['unregistered']);
      await again.ready();
      await commit(put(a, 0));
      expect(again.get(a)).toBeDefined();
      cache.unregister(pods.prefix);
      expect(cache.resource(pods.prefix)).toBeUndefined();
    });
  });
});
