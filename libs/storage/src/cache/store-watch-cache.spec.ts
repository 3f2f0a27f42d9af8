import { type ResourceCache, type SubscriptionEnd } from '../cache-types';
import { type MemoryStore } from '../memory/memory-store';
import { collectionVersion, revisionOf } from '../resource-version';
import { CacheBench, follower } from '../spec/cache-bench';
import { configMaps, podPrefix, pods, put, remove, succeeded, type TestPod, write } from '../spec/store-builders';
import { type StoreErrorCode } from '../store-error';
import { type StoreWatchCache, type WatchCacheOptions } from './store-watch-cache';

const a = `${podPrefix}default/a`;
const b = `${podPrefix}default/b`;
const other = `${podPrefix}other/c`;
const onNode = (nodeName: string, extra: object = {}): object => ({ spec: { nodeName }, ...extra });
const storeError = (code: StoreErrorCode): Error => expect.objectContaining({ code }) as Error;

describe('StoreWatchCache', () => {
  let bench: CacheBench;
  let store: MemoryStore;
  let cache: StoreWatchCache;
  let podCache: ResourceCache<TestPod>;
  const commit: CacheBench['commit'] = (...ops) => bench.commit(...ops);

  function open(options: WatchCacheOptions = {}): void {
    bench = new CacheBench(options);
    ({ store, cache, podCache } = bench);
  }

  beforeEach(() => open());
  afterEach(() => bench.close());

  describe('reads', () => {
    it('loads what is there and follows what comes', async () => {
      const { resourceVersions } = succeeded(await store.commit(write(put(a, 0))));
      await cache.start();
      expect(podCache.get(a)?.bytes.toString()).toBe(`{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"${resourceVersions[0]}","name":"a"}}`);
      const { versions } = await commit(put(b, 0));
      expect(podCache.list().map(({ key }) => key)).toEqual([a, b]);
      expect(podCache.get(b)?.resourceVersion).toBe(versions[0]);
      expect(cache.version).toBe(collectionVersion(cache.revision));
    });

    it('knows how large all objects are together, whatever becomes of them', async () => {
      const { modRevision } = succeeded(await store.commit(write(put(a, 0))));
      await cache.start();
      const together = (): number => podCache.list().reduce((sum, { bytes }) => sum + bytes.length, 0);
      await commit(put(b, 0, { text: 'x'.repeat(100) }), put(other, 0));
      expect([podCache.bytes, podCache.size]).toEqual([together(), 3]);
      const { modRevision: changed } = await commit(put(a, modRevision, { text: 'y' }));
      expect(podCache.bytes).toBe(together());
      await commit(remove(a, changed));
      expect([podCache.bytes, podCache.size]).toEqual([together(), 2]);
      expect(together()).toBeGreaterThan(100);
    });

    it('lists by namespace and by node, in key order', async () => {
      await store.commit(write(put(other, 0, onNode('n1')), put(b, 0, onNode('n2'))));
      await cache.start();
      await commit(put(a, 0, onNode('n1')));
      expect(podCache.list(`${podPrefix}default/`).map(({ key }) => key)).toEqual([a, b]);
      expect(podCache.listNode('n1').map(({ key }) => key)).toEqual([a, other]);
      expect(podCache.listNode('n3')).toEqual([]);
      expect([...podCache.nodes()].sort()).toEqual(['n1', 'n2']);
    });

    it('gives slices, shared and fresh objects of the same bytes, and keeps representations', async () => {
      await cache.start();
      await commit(put(a, 0, onNode('n1')));
      const object = podCache.get(a)!;
      expect(JSON.parse(object.metadataBytes.toString())).toEqual({ resourceVersion: String(object.resourceVersion), name: 'a' });
      expect(object.object).toBe(object.object);
      expect(object.parse()).toEqual(object.object);
      expect(object.parse()).not.toBe(object.parse());
      let made = 0;
      const make = (): number => ++made;
      expect([object.represent('cells', make), object.represent('cells', make)]).toEqual([1, 1]);
    });

    it('parses nothing of what it expects, as long as that is what comes', async () => {
      let parsed = 0;
      podCache = cache.register<TestPod>({
        ...pods,
        decode: (json) => {
          parsed++;
          return JSON.parse(json.toString()) as TestPod;
        },
      });
      await cache.start();
      const [ours, theirs] = [put(a, 0, onNode('n1')), put(b, 0, onNode('n2'))];
      const labels = { app: 'web' };
      const object: TestPod = { metadata: { name: 'a', uid: 'u', labels }, spec: { nodeName: 'n1' } };
      const over = [podCache.expect(a, ours.json, object), podCache.expect(b, Buffer.from('{}'), object)];
      labels.app = 'changed by who wrote it';
      await commit(ours, theirs);
      expect([parsed, podCache.listNode('n1').map(({ key }) => key), podCache.listNode('n2').map(({ key }) => key)]).toEqual([1, [a], [b]]);
      expect([podCache.get(a)?.description, podCache.get(b)?.description.uid]).toEqual([{ uid: 'u', labels: { app: 'web' }, fields: { 'spec.nodeName': 'n1' }, node: 'n1' }, '']);
      for (const forget of over) forget();
      await commit({ ...ours, expectedModRevision: revisionOf(podCache.get(a)?.resourceVersion ?? 0) });
      expect([parsed, podCache.get(a)?.description.uid]).toEqual([2, '']);
    });

    it('ignores keys it does not know, but advances over them', async () => {
      await cache.start();
      const { modRevision } = await commit(put('/registry/example.com/widgets/x', 0), put('/elsewhere', 0));
      expect(cache.revision).toBe(modRevision);
      expect(podCache.size).toBe(0);
    });

    it('takes a value no one can read for absent, says so, and goes on', async () => {
      await cache.start();
      const { modRevision } = await commit(put(a, 0));
      const seen = follower();
      podCache.subscribe(cache.version, seen);
      const broken = succeeded(await store.commit(write({ kind: 'put', key: a, json: Buffer.from('not json'), expectedModRevision: modRevision })));
      await cache.waitFor(broken.resourceVersions[0]!);
      expect(podCache.get(a)).toBeUndefined();
      await commit(put(a, broken.modRevision));
      expect(seen.seen).toEqual(['DELETED default/a', 'ADDED default/a']);
      expect(bench.log.lines.some((line) => line.startsWith('stored value is not readable') && line.includes(a))).toBe(true);
    });

    it('upgrades values of an older schema as it loads them', async () => {
      await store.commit(write(put(a, 0)));
      podCache = cache.register({ ...pods, schemaGeneration: 2, upgrade: (json, generation) => Buffer.from(json.toString().replace('"a"', `"a${generation}"`)) });
      await cache.start();
      expect(podCache.get(a)?.object.metadata.name).toBe('a0');
      expect(podCache.get(a)?.schemaGeneration).toBe(0);
    });
  });

  describe('subscriptions', () => {
    it('deliver whole revisions in order, after all stores are at them', async () => {
      await cache.start();
      const configMapCache = cache.register(configMaps);
      await configMapCache.ready();
      const batches: string[][] = [];
      podCache.subscribe(cache.version, {
        onEvents: (events, revision) => {
          expect(cache.revision).toBe(revision);
          expect(configMapCache.get('/registry/core/configmaps/d/x')).toBeDefined();
          batches.push(events.map(({ key }) => key));
        },
        onEnd: () => undefined,
      });
      await commit(put(b, 0), put(a, 0), put('/registry/core/configmaps/d/x', 0));
      expect(batches).toEqual([[b, a]]);
    });

    it('begin with what came after the version, inside a revision too', async () => {
      await cache.start();
      const { versions } = await commit(put(a, 0), put(b, 0));
      const { modRevision } = await commit(put(other, 0));
      const keysAfter = (version: number): string[] => podCache.subscribe(version, follower()).backlog.map(({ key }) => key);
      expect(keysAfter(versions[0]!)).toEqual([b, other]);
      expect(keysAfter(versions[1]!)).toEqual([other]);
      expect(keysAfter(collectionVersion(modRevision))).toEqual([]);
      expect(() => keysAfter(versions[0]! - 1024)).toThrow(storeError('expired'));
    });

    it('expire only when this resource lost an event', async () => {
      open({ historyBytes: 2000 });
      const configMapCache = cache.register(configMaps);
      await cache.start();
      const start = cache.version;
      await commit(put('/registry/core/configmaps/d/x', 0));
      let modRevision = 0;
      for (let n = 0; n < 20; n++) ({ modRevision } = await commit(put(a, modRevision, { n })));
      expect(configMapCache.subscribe(start, follower()).backlog).toHaveLength(1);
      expect(() => podCache.subscribe(start, follower())).toThrow(storeError('expired'));
      expect(podCache.subscribe(podCache.lastVersion - 1, follower()).backlog).toHaveLength(1);
    });

    it('tell what was before, with the version of the delete', async () => {
      await cache.start();
      const seen = follower();
      podCache.subscribe(cache.version, seen);
      const created = await commit(put(a, 0, { n: 1 }));
      const updated = await commit(put(a, created.modRevision, { n: 2 }));
      const deleted = await commit(remove(a, updated.modRevision));
      const [added, modified, gone] = seen.events;
      expect(seen.seen).toEqual(['ADDED default/a', 'MODIFIED default/a', 'DELETED default/a']);
      expect(added?.previous).toBeUndefined();
      expect(modified?.previous?.resourceVersion).toBe(created.versions[0]);
      expect(gone?.object.object).toMatchObject({ metadata: { resourceVersion: String(deleted.versions[0]) }, n: 2 });
      expect(modified?.objectFor('DELETED').object).toMatchObject({ metadata: { resourceVersion: String(updated.versions[0]) }, n: 1 });
      expect(gone?.frame('DELETED').toString()).toBe(`{"type":"DELETED","object":${String(gone?.object.bytes)}}\n`);
    });

    it('share one buffer per event, watch type and representation', async () => {
      await cache.start();
      const seen = follower();
      podCache.subscribe(cache.version, seen);
      await commit(put(a, 0));
      const event = seen.events[0]!;
      expect(event.frame('ADDED')).toBe(event.frame('ADDED'));
      expect(event.frame('DELETED')).not.toBe(event.frame('ADDED'));
      const make = (): Buffer => Buffer.from('metadata');
      expect(event.frame('ADDED', 'partial', make)).toBe(event.frame('ADDED', 'partial', make));
      expect(event.frame('ADDED').toString()).toContain('"type":"ADDED"');
    });

    it('follow one node class at the cost of its own events', async () => {
      await cache.start();
      const start = cache.version;
      const n1 = follower();
      const n2 = follower();
      const subscription = podCache.subscribe(start, n1, { node: 'n1' });
      podCache.subscribe(start, n2, { node: 'n2' });
      const created = await commit(put(a, 0), put(b, 0, onNode('n1')), put(other, 0, onNode('n2')));
      const bound = await commit(put(a, created.modRevision, onNode('n1')));
      await commit(remove(a, bound.modRevision));
      expect(n1.seen).toEqual(['ADDED default/b', 'MODIFIED default/a', 'DELETED default/a']);
      expect(n2.seen).toEqual(['ADDED other/c']);
      expect(podCache.subscribe(start, follower(), { node: 'n1' }).backlog).toHaveLength(3);
      subscription.unsubscribe();
      await commit(put(a, 0, onNode('n1')));
      expect(n1.seen).toHaveLength(3);
    });

    it('end alone when their sink throws', async () => {
      await cache.start();
      const ends: SubscriptionEnd[] = [];
      podCache.subscribe(cache.version, {
        onEvents: () => {
          throw new Error('bad sink');
        },
        onEnd: (reason) => ends.push(reason),
      });
      const good = follower();
      podCache.subscribe(cache.version, good);
      await commit(put(a, 0));
      await commit(put(b, 0));
      expect(ends).toEqual(['failed']);
      expect(good.seen).toEqual(['ADDED default/a', 'ADDED default/b']);
    });
  });

  describe('classes', () => {
    it('know the version before each event, from where this cache began', async () => {
      await store.commit(write(put(a, 0, onNode('n1'))));
      await cache.start();
      const start = cache.version;
      const seen = follower();
      podCache.subscribe(start, seen);
      expect([podCache.lastVersion, podCache.lastNodeVersion('n1')]).toEqual([start, start]);
      const first = await commit(put(b, 0, onNode('n1')));
      await commit(put('/registry/core/configmaps/d/x', 0));
      const second = await commit(put(other, 0, onNode('n2')));
      const third = await commit(remove(b, first.modRevision));
      expect(seen.events.map(({ prev, prevNode, node, resourceVersion }) => [prev, prevNode, node, resourceVersion])).toEqual([
        [start, start, 'n1', first.versions[0]],
        [first.versions[0], start, 'n2', second.versions[0]],
        [second.versions[0], first.versions[0], 'n1', third.versions[0]],
      ]);
      expect(podCache.lastVersion).toBe(third.versions[0]);
      expect(podCache.lastNodeVersion('n2')).toBe(second.versions[0]);
    });

    it('are followed across resources, revision by revision', async () => {
      cache.register(configMaps);
      await cache.start();
      const applied: [number, string[]][] = [];
      const stop = cache.follow({ onApplied: (revision, events) => applied.push([revision, events.map(({ event }) => event.key)]), onRebuilt: () => undefined });
      const first = await commit(put('/registry/core/configmaps/d/x', 0), put(a, 0));
      const second = await commit(put('/registry/unknown/things/x', 0));
      stop();
      await commit(put(b, 0));
      expect(applied).toEqual([[first.modRevision, ['/registry/core/configmaps/d/x', a]], [second.modRevision, []]]);
    });
  });
});
