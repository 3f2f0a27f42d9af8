/**
 * By hand: node --conditions=@navarch/source --import tsx libs/storage/bench/storage-bench.ts [seconds]
 * Starts an etcd of its own, and prints writes per second (grouped and single), the cost of applying events, and of
 * assembling a LIST.
 */
import { performance } from 'node:perf_hooks';
import { EtcdStore, MemoryStore, type Store, StoreWatchCache } from '../src/index';
import { startEtcdCluster } from '../src/spec/etcd-cluster';
import { podPrefix, pods, put, silentLog, write } from '../src/spec/store-builders';

const seconds = Number(process.argv[2] ?? 3);
const padding = { spec: { nodeName: 'node-1', containers: [{ name: 'web', image: 'nginx', env: Array.from({ length: 40 }, (_, n) => ({ name: `VARIABLE_${n}`, value: `a value of some length ${n}` })) }] } };

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
  console.log(`${name}: ${Math.round(done / elapsed)} writes/s, ${((used.user + used.system) / done).toFixed(0)} µs Node CPU each, p50 ${latencies[latencies.length >> 1]?.toFixed(1)} ms, p99 ${latencies[Math.floor(latencies.length * 0.99)]?.toFixed(1)} ms`);
}

async function coldStartAndList(store: Store): Promise<void> {
  const cache = new StoreWatchCache({}, { store, log: silentLog, onFatal: (error) => { throw error; } });
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

async function applyEvents(): Promise<void> {
  const store = new MemoryStore();
  const cache = new StoreWatchCache({}, { store, log: silentLog, onFatal: (error) => { throw error; } });
  const resource = cache.register(pods);
  await cache.start();
  let frames = 0;
  for (let n = 0; n < 100; n++) resource.subscribe(cache.version, { onEvents: (events) => { for (const event of events) frames += event.frame(event.type).length > 0 ? 1 : 0; }, onEnd: () => undefined });
  const start = performance.now();
  const count = 10_000;
  const outcomes = await Promise.all(Array.from({ length: count }, (_, n) => store.commit(write(put(`${podPrefix}a/p${n}`, 0, padding)))));
  const last = outcomes.at(-1);
  if (last?.ok) await cache.waitFor(last.resourceVersions[0] ?? 0);
  console.log(`apply: ${((performance.now() - start) * 1000 / count).toFixed(1)} µs per write and event on the memory store, with ${frames / count} watchers`);
  await cache.stop();
  await store.close();
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
    await applyEvents();
  } finally {
    await etcd.stop();
  }
}

void main();
