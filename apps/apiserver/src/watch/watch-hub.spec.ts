import { FakeClock, systemClock } from '@navarch/clock';
import { Registry } from 'prom-client';
import { create } from '../registry/create';
import { Selection } from '../registry/selection';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import type { Framing, WatchOutput } from './framing';
import { WatchHub, type WatchStart } from './watch-hub';
import { WatchMetrics } from './watch-metrics';

/** A frame is the object's name. */
const names: Framing = {
  key: 'names', bookmarkEveryMs: 60_000,
  event: ({ object }) => Buffer.from(object.object.metadata.name ?? ''),
  initial: (object) => Buffer.from(object.object.metadata.name ?? ''),
  bookmark: () => Buffer.from('bookmark'),
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the hub', () => {
  let registry: MemoryRegistry;

  beforeAll(async () => {
    registry = await memoryRegistry(systemClock);
  });
  afterAll(() => registry.stop());

  const store = () => {
    const found = registry.registry.store('', 'configmaps');
    if (!found) throw new Error('configmaps are not served');
    return found;
  };
  const make = (name: string) => create(store(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'd' } }, registry.context);
  const hubOf = (clock: FakeClock, farewellMs = 0) => new WatchHub({ clock, metrics: new WatchMetrics(new Registry()) }, farewellMs);
  async function watch(hub: WatchHub, begin: Partial<WatchStart> = {}) {
    const [written, ends]: [string[], string[]] = [[], []];
    const output: WatchOutput = { waitingBytes: 0, write: (chunk) => void written.push(chunk.toString()), drained: () => Promise.resolve(), end: () => undefined };
    const scope = { resource: store(), namespace: '', selection: Selection.everything };
    const watcher = await hub.watch(scope, names, { resourceVersion: undefined, sendInitialEvents: false, bookmarks: false, ...begin }, () => output, (reason) => ends.push(reason));
    return { written, ends, watcher };
  }

  it('begins a watch of a version that is still to come, and tells of what comes after that only', async () => {
    const hub = hubOf(new FakeClock());
    // Each write is a revision of its own here, and a revision is 1024 versions.
    const resourceVersion = registry.cache.version + 1024;
    const { written, ends, watcher } = await watch(hub, { resourceVersion, awaitsFuture: true });
    const gone = await watch(hub, { resourceVersion: resourceVersion + 1024 ** 2, awaitsFuture: true });
    gone.watcher.end('client is gone');
    await make('early');
    await turn();
    await make('late');
    for (let turns = 0; turns < 20 && written.length === 0; turns++) await turn();
    expect(written).toEqual(['late']);
    watcher.end('timeout');
    expect([ends, gone.ends, gone.written]).toEqual([['timeout'], ['client is gone'], []]);
    expect(hub.watcherCount).toBe(0);
  });

  it.each([[0, [1, 1, 1]], [3000, [1, 0, 0]]])('ends watches at a stop within %d ms, one after the other', async (farewellMs, atOnce) => {
    const clock = new FakeClock();
    const hub = hubOf(clock, farewellMs);
    const watches = [await watch(hub), await watch(hub), await watch(hub)];
    const ended = (): number[] => watches.map(({ ends }) => ends.length);
    const stopped = hub.stop();
    expect(ended()).toEqual(atOnce);
    await clock.advance(1000);
    expect(ended()).toEqual(farewellMs === 0 ? atOnce : [1, 1, 0]);
    await clock.advance(2000);
    await stopped;
    expect(ended()).toEqual([1, 1, 1]);
  });
});
