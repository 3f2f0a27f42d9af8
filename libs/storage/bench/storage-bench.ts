/**
 * By hand: node --conditions=@navarch/source --import tsx libs/storage/bench/storage-bench.ts [seconds]
 * Starts an etcd of its own, and prints writes per second (grouped and single), the cost of applying events, and of
 * assembling a LIST.
 */
import { performance } from 'node:perf_hooks';
import { EtcdStore, MemoryStore, type Store, type StoreEvent, type StoreWatch, StoreWatchCache, type WatchSink } from '../src/index';
import { startEtcdCluster } from '../src/spec/etcd-cluster';
import { podPrefix, pods, put, silentLog, stored, write } from '../src/spec/store-builders';

const seconds = Number(process.argv[2] ?? 3);
const padding = {
  spec: {
    nodeName: 'node-1',
    containers: [{ name: 'web', image: 'nginx', env: Array.from({ length: 40 }, (_, n) => ({ name: `VARIABLE_${n}`, value: `a value of some length ${n}` })) }],
  },
};

async function writesPerSecond(store: Store, writers: number, name: string): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const cpu = process.cpuUsage();
  const begin = performance.now();
  let done = 0;
  const latencies: number[] = [];
  await Promise.all(Array.from({ length: writers }, async (_, writer) => {
    for (let n = 0; performance.now() < until; n++) {
      const start = performance.now();
      const outcome = await store.commit(write(put(`${podPrefix}${name}/w${writer}-${n}`, 0, padding)));
      if (!outcome.ok) throw new Error('unexpected conflict');
      latencies.push(performance.now() - start);
      done++;
    }
  }));
  const used = process.cpuUsage(cpu);
  latencies.sort((a, b) => a - b);
  const elapsed = (performance.now() - begin) / 1000;
  console.log(
    `${name}: ${Math.round(done / elapsed)} writes/s, ${((used.user + used.system) / done).toFixed(0)} µs Node CPU each, p50 ${latencies[latencies.length >> 1]?.toFixed(1)} ms, p99 ${latencies[Math.floor(latencies.length * 0.99)]?.toFixed(1)} ms`,
  );
}

async function coldStartAndList(store: Store): Promise<void> {
  const cache = new StoreWatchCache({}, { store, log: silentLog, onFatal: fail });
  const resource = cache.register(pods);
  let start = performance.now();
  await cache.start();
  console.log(`cold start: ${resource.size} objects in ${(performance.now() - start).toFixed(0)} ms`);
  start = performance.now();
  const objects = resource.list();
  const buffers = objects.map((object) => object.bytes);
  const listed = performance.now();
  const bytes = Buffer.concat(buffers).length;
  console.log(`LIST: ${(listed - start).toFixed(1)} ms to collect, ${(performance.now() - listed).toFixed(1)} ms to copy ${(bytes / 1e6).toFixed(1)} MB`);
  start = performance.now();
  for (let n = 0; n < 100; n++) await cache.fresh();
  console.log(`consistent read barrier: ${((performance.now() - start) * 10).toFixed(0)} µs one after another`);
  start = performance.now();
  await Promise.all(Array.from({ length: 20_000 }, () => cache.fresh()));
  console.log(`consistent read barrier: ${((performance.now() - start) / 20).toFixed(1)} µs each, 20,000 at once`);
  await cache.stop();
}

/** Keeps the cache's end of the watch, to push events into it. */
class OpenHandedStore extends MemoryStore {
  sink: WatchSink | undefined;

  override watch(_fromRevision: number, sink: WatchSink): StoreWatch {
    this.sink = sink;
    return { reopen: () => undefined, close: () => undefined };
  }
}

async function applyEvents(watchers: number): Promise<void> {
  const store = new OpenHandedStore();
  const cache = new StoreWatchCache({}, { store, log: silentLog, onFatal: fail });
  const resource = cache.register(pods);
  await cache.start();
  let bytes = 0;
  for (let n = 0; n < watchers; n++) {
    resource.subscribe(cache.version, { onEvents: (events) => { for (const event of events) bytes += event.frame(event.type).length; }, onEnd: () => undefined });
  }
  const json = stored('x', padding);
  const groups = 300;
  const start = performance.now();
  for (let revision = 2; revision < groups + 2; revision++) {
    store.sink?.onRevision(revision, Array.from({ length: 100 }, (_, n): StoreEvent => ({
      kind: 'put', key: `${podPrefix}a/p${((revision * 100 + n) * 7919) % 20_011}`, resourceVersion: revision * 1024 + n, modRevision: revision, json, schemaGeneration: 0,
    })));
  }
  const us = (performance.now() - start) * 1000 / (groups * 100);
  console.log(`apply and deliver an event of ${json.length} bytes to ${watchers} watchers: ${us.toFixed(1)} µs (${(bytes / 1e6).toFixed(0)} MB)`);
  await cache.stop();
  await store.close();
}

function fail(error: Error): never {
  throw error;
}

async function main(): Promise<void> {
  const etcd = await startEtcdCluster();
  try {
    for (const [transactions, writers] of [['grouped', 1], ['grouped', 500], ['single', 500]] as const) {
      const store = new EtcdStore({ endpoints: etcd.endpoints, transactions }, { log: silentLog });
      await writesPerSecond(store, writers, `${transactions}-${writers}`);
      await store.close();
    }
    const store = new EtcdStore({ endpoints: etcd.endpoints }, { log: silentLog });
    await coldStartAndList(store);
    await store.close();
    await applyEvents(0);
    await applyEvents(100);
  } finally {
    await etcd.stop();
  }
}

void main();
