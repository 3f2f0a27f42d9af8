import { Metadata } from '@grpc/grpc-js';
import { eventually, TcpCutter } from '@navarch/testing';
import fc from 'fast-check';
import { EtcdStore } from '../etcd/etcd-store';
import { openStubs } from '../etcd/members';
import { call } from '../etcd/rpc-stubs';
import { revisionOf } from '../resource-version';
import { startEtcdCluster, type EtcdCluster } from '../spec/etcd-cluster';
import { podPrefix, pods, put, remove, silentLog, succeeded, type TestPod, write } from '../spec/store-builders';
import { type CacheEvent, type ResourceCache } from '../cache-types';
import { type WriteOp } from '../types';
import { StoreWatchCache } from './store-watch-cache';

interface ApiServer {
  readonly store: EtcdStore;
  readonly cache: StoreWatchCache;
  readonly pods: ResourceCache<TestPod>;
  readonly events: CacheEvent<TestPod>[];
  stop(): Promise<void>;
}

async function startApiServer(endpoints: readonly string[]): Promise<ApiServer> {
  const store = new EtcdStore({ endpoints }, { log: silentLog });
  const cache = new StoreWatchCache({}, {
    store, log: silentLog,
    onFatal: (error) => {
      throw error;
    },
  });
  const resource = cache.register(pods);
  await cache.start();
  const events: CacheEvent<TestPod>[] = [];
  resource.subscribe(cache.version, { onEvents: (batch) => events.push(...batch), onEnd: () => undefined });
  return {
    store, cache, pods: resource, events,
    stop: async () => {
      await cache.stop();
      await store.close();
    },
  };
}

/** What the last event of each key says is there. */
function stateOf(events: readonly CacheEvent<TestPod>[]): Map<string, number> {
  const state = new Map<string, number>();
  for (const { key, type, resourceVersion } of events) {
    if (type === 'DELETED') state.delete(key);
    else state.set(key, resourceVersion);
  }
  return new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('two apiservers on one etcd', () => {
  let etcd: EtcdCluster;
  let one: ApiServer;
  let two: ApiServer;

  beforeAll(async () => {
    etcd = await startEtcdCluster();
    [one, two] = await Promise.all([startApiServer(etcd.endpoints), startApiServer(etcd.endpoints)]);
  });
  afterAll(async () => {
    await Promise.all([one.stop(), two.stop()]);
    await etcd.stop();
  });

  it('agree on every version: writers, watches and Range, whatever is written, with conflicts, deletes and leases that end', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `${podPrefix}ns/p${n}`);
    const anyOp = fc.record({ name: fc.nat(names.length - 1), remove: fc.boolean(), stale: fc.integer({ min: 0, max: 9 }), leased: fc.boolean() });
    const anyRound = fc.record({ server: fc.nat(1), writes: fc.array(fc.uniqueArray(anyOp, { minLength: 1, maxLength: 3, selector: ({ name }) => name }), { minLength: 1, maxLength: 60 }) });
    const stubs = openStubs({ endpoints: etcd.endpoints }, etcd.endpoints[0] ?? '');
    const lease = await stubs.stub('Lease');
    let conflicts = 0;
    let expired = 0;

    await fc.assert(fc.asyncProperty(fc.array(anyRound, { minLength: 1, maxLength: 6 }), async (rounds) => {
      await Promise.all([one.cache.fresh(), two.cache.fresh()]);
      const before = one.events.length;
      const { ID: leaseId } = await call(lease, lease.leaseGrant, { TTL: 600 }, new Metadata(), {});
      const answered: number[] = [];
      await Promise.all(rounds.map(async ({ server, writes }) => {
        const { store, pods: known } = [one, two][server] ?? one;
        await Promise.all(writes.map(async (ops) => {
          const built = ops.map(({ name, remove: gone, stale, leased }): WriteOp => {
            const key = names[name] ?? '';
            const modRevision = revisionOf(known.get(key)?.resourceVersion ?? 0);
            if (gone && modRevision > 0) return remove(key, modRevision - (stale === 0 ? 1 : 0));
            return put(key, stale === 0 ? modRevision + 1 : modRevision, { spec: { nodeName: `n${name % 3}` } }, leased ? leaseId : undefined);
          });
          const outcome = await store.commit({ ops: built });
          if (outcome.ok) answered.push(...outcome.resourceVersions);
          else conflicts++;
        }));
      }));
      const acknowledged = Math.max(0, ...answered.map(revisionOf));
      await call(lease, lease.leaseRevoke, { ID: leaseId }, new Metadata(), {});
      await Promise.all([one.cache.fresh(), two.cache.fresh()]);
      const seen = one.events.slice(before);
      const versions = seen.map(({ resourceVersion }) => resourceVersion);
      // Writers and watch: every answer is an event, in one order, none twice; the rest are deletes by the lease.
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
      expect(versions.filter((version) => revisionOf(version) <= acknowledged)).toEqual([...answered].sort((a, b) => a - b));
      const byLease = seen.filter(({ resourceVersion }) => revisionOf(resourceVersion) > acknowledged);
      expired += byLease.length;
      expect(byLease.every(({ type }, position) => type === 'DELETED' && byLease[position]?.resourceVersion === (byLease[0]?.resourceVersion ?? 0) + position)).toBe(true);
      // The other apiserver saw the same.
      expect(two.events.slice(-seen.length || two.events.length).map(({ type, key, resourceVersion, prev }) => [type, key, resourceVersion, prev]))
        .toEqual(seen.map(({ type, key, resourceVersion, prev }) => [type, key, resourceVersion, prev]));
      // Range: the same versions from the stored headers; and so in both caches.
      const { values } = await one.store.range(podPrefix);
      const ranged = values.map(({ key, resourceVersion }) => [key, resourceVersion]);
      expect([...stateOf(one.events)]).toEqual(ranged);
      for (const { pods: known } of [one, two]) {
        expect(known.list().map(({ key, resourceVersion }) => [key, resourceVersion])).toEqual(ranged);
        expect(known.list().map(({ object }) => Number((object.metadata as { resourceVersion?: string }).resourceVersion))).toEqual(values.map(({ resourceVersion }) => resourceVersion));
        for (const node of ['n0', 'n1', 'n2']) expect(known.listNode(node).map(({ key }) => key)).toEqual(values.map(({ key }) => key).filter((key) => Number(key.split('/p').at(-1)) % 3 === Number(node.slice(1))));
      }
    }), { numRuns: 25 });

    stubs.close();
    expect(conflicts).toBeGreaterThan(20);
    expect(expired).toBeGreaterThan(20);
  }, 60_000);

  it('read their own and each other’s acknowledged writes', async () => {
    for (let n = 0; n < 20; n++) {
      const key = `${podPrefix}fresh/p${n}`;
      succeeded(await one.store.commit(write(put(key, 0))));
      await two.cache.fresh();
      expect(two.pods.get(key)).toBeDefined();
    }
  });

  it('start from what is there, at one revision, while writes go on', async () => {
    const keys = Array.from({ length: 2500 }, (_, n) => `${podPrefix}many/p${n}`);
    await Promise.all(keys.map((key) => one.store.commit(write(put(key, 0)))));
    await one.cache.fresh();
    const writing = Promise.all(keys.map(async (key) => {
      const modRevision = revisionOf(one.pods.get(key)?.resourceVersion ?? 0);
      return one.store.commit(write(modRevision % 2 === 0 ? remove(key, modRevision) : put(key, modRevision, { changed: true })));
    }));
    const three = await startApiServer(etcd.endpoints);
    await writing;
    await three.cache.fresh();
    const { values } = await one.store.range(podPrefix);
    expect(three.pods.list().map(({ key, resourceVersion }) => [key, resourceVersion])).toEqual(values.map(({ key, resourceVersion }) => [key, resourceVersion]));
    await three.stop();
  }, 30_000);
});

describe('a cache whose link to etcd fails', () => {
  let etcd: EtcdCluster;
  let cutter: TcpCutter;
  let outside: EtcdStore;
  let server: ApiServer;

  beforeEach(async () => {
    etcd = await startEtcdCluster();
    cutter = await TcpCutter.start(Number(new URL(etcd.endpoints[0] ?? '').port));
    outside = new EtcdStore({ endpoints: etcd.endpoints }, { log: silentLog });
    server = await startApiServer([`http://127.0.0.1:${cutter.port}`, ...etcd.endpoints]);
  });
  afterEach(async () => {
    await server.stop();
    await outside.close();
    await cutter.stop();
    await etcd.stop();
  });

  it('misses nothing that happens meanwhile', async () => {
    for (let round = 0; round < 5; round++) {
      const keys = Array.from({ length: 300 }, (_, n) => `${podPrefix}r${round}/p${n}`);
      const writes = Promise.all(keys.map((key) => outside.commit(write(put(key, 0)))));
      cutter.cutOnce();
      await writes;
    }
    await eventually(() => server.events.length === 1500);
    expect(new Set(server.events.map(({ resourceVersion }) => resourceVersion)).size).toBe(1500);
    expect(server.pods.size).toBe(1500);
  }, 30_000);

  it('goes to another member when the one it watches falls silent', async () => {
    succeeded(await outside.commit(write(put(`${podPrefix}ns/first`, 0))));
    await eventually(() => server.events.length === 1);
    cutter.blackhole();
    const { modRevision } = succeeded(await outside.commit(write(put(`${podPrefix}ns/a`, 0))));
    await expect(server.cache.fresh()).rejects.toMatchObject({ name: 'StoreError' }); // late, but not wrong
    await eventually(() => server.cache.revision >= modRevision, { timeoutMs: 30_000 });
    await server.cache.fresh();
    expect(server.pods.size).toBe(2);
  }, 60_000);
});

describe('an etcd that was restored from elsewhere', () => {
  it('ends the cache instead of being mixed with the old history', async () => {
    const etcd = await startEtcdCluster();
    const store = new EtcdStore({ endpoints: etcd.endpoints }, { log: silentLog });
    const fatal: Error[] = [];
    const cache = new StoreWatchCache({}, { store, log: silentLog, onFatal: (error) => fatal.push(error) });
    await cache.start();
    const epoch = await store.get('/navarch/epoch');
    succeeded(await store.commit(write({ kind: 'put', key: '/navarch/epoch', json: Buffer.from('"another"'), expectedModRevision: epoch?.modRevision ?? 0 })));
    await expect(cache.fresh()).rejects.toMatchObject({ code: 'foreignHistory' });
    expect(fatal).toHaveLength(1);
    await store.close();
    await etcd.stop();
  });
});
