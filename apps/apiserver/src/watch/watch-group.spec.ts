import { FakeClock } from '@navarch/clock';
import { Registry } from 'prom-client';
import { create } from '../registry/create';
import { Selection } from '../registry/selection';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import type { Framing, WatchOutput } from './framing';
import { WatchGroup } from './watch-group';
import { WatchMetrics } from './watch-metrics';
import { Watcher } from './watcher';

/** A frame is the object's name. */
const names: Framing = {
  key: 'names', bookmarkEveryMs: 60_000,
  event: ({ object }, type) => Buffer.from(`${type} ${object.object.metadata.name ?? ''}\n`),
  initial: (object) => Buffer.from(`${object.object.metadata.name ?? ''}\n`),
  bookmark: () => Buffer.from('bookmark\n'),
};

class Client implements WatchOutput {
  readonly waitingBytes = 0;
  readonly written: string[] = [];

  write(chunk: Buffer): void {
    this.written.push(chunk.toString());
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    // nothing to end
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a group of watchers', () => {
  const clock = new FakeClock();
  let prometheus: Registry;
  let registry: MemoryRegistry;

  beforeAll(async () => {
    registry = await memoryRegistry(clock);
  });

  beforeEach(() => {
    prometheus = new Registry();
  });

  afterAll(() => registry.stop());

  const store = () => {
    const found = registry.registry.store('', 'configmaps');
    if (!found) throw new Error('configmaps are not served');
    return found;
  };
  const make = (name: string) => create(store(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'd' } }, registry.context);

  async function watched(count: number, framing = names): Promise<Client[]> {
    const group = new WatchGroup({ resource: store(), namespace: '', selection: Selection.everything }, framing, { clock, metrics: new WatchMetrics(prometheus) }, () => undefined);
    const clients: Client[] = [];
    for (let i = 0; i < count; i++) {
      const client = new Client();
      const watcher = new Watcher(client, { bookmarks: false, onEnd: () => undefined });
      group.join(watcher);
      await watcher.catchUp([]);
      clients.push(client);
    }
    return clients;
  }

  it('writes the first event of a burst at once, and those that follow together, in order', async () => {
    const clients = await watched(100);
    await make('first');
    await turn();
    await make('second');
    await make('third');
    await turn();
    expect(new Set(clients.map(({ written }) => written.join('|')))).toEqual(new Set(['ADDED first\n']));
    await clock.advance(5);
    expect(new Set(clients.map(({ written }) => written.join('|')))).toEqual(new Set(['ADDED first\n|ADDED second\nADDED third\n']));
    expect(await prometheus.metrics()).toContain('apiserver_watch_events_total{group="",version="v1",resource="configmaps"} 300');
    expect(await prometheus.metrics()).toMatch(/apiserver_watch_events_sizes_bucket\{le="1024",group="",version="v1",resource="configmaps"\} 300\n[^]*apiserver_watch_events_sizes_sum\{group="",version="v1",resource="configmaps"\} 3700\n/);
  });

  it('writes the first event that each watcher gets in its own form, where there is one, also when a watcher joins later', async () => {
    const titled: Framing = { ...names, event: (event, type) => Buffer.from(`titled ${names.event(event, type).toString()}`) };
    const group = new WatchGroup({ resource: store(), namespace: '', selection: Selection.everything }, { ...names, first: titled }, { clock, metrics: new WatchMetrics(prometheus) }, () => undefined);
    const join = async (past: string[] = []): Promise<Client> => {
      const client = new Client();
      const watcher = new Watcher(client, { bookmarks: false, onEnd: () => undefined });
      group.join(watcher);
      await watcher.catchUp(past.map((frame) => Buffer.from(frame)));
      return client;
    };
    const early = await join();
    await make('t1');
    await clock.advance(5);
    const [late, level] = [await join(), await join(['titled past\n'])];
    await make('t2');
    await make('t3');
    await clock.advance(5);
    expect([early, late, level].map(({ written }) => written.join(''))).toEqual([
      'titled ADDED t1\nADDED t2\nADDED t3\n', 'titled ADDED t2\nADDED t3\n', 'titled past\nADDED t2\nADDED t3\n',
    ]);
  });

  it('holds nothing back from few watchers', async () => {
    const [client] = await watched(1);
    await make('fourth');
    await turn();
    await make('fifth');
    await turn();
    expect(client?.written).toEqual(['ADDED fourth\n', 'ADDED fifth\n']);
  });

  it('sends a bookmark to one watcher alone, if it wants any', async () => {
    const group = new WatchGroup({ resource: store(), namespace: '', selection: Selection.everything }, names, { clock, metrics: new WatchMetrics(prometheus) }, () => undefined);
    const written: string[][] = [];
    for (const bookmarks of [true, true, false]) {
      const client = new Client();
      const watcher = new Watcher(client, { bookmarks, onEnd: () => undefined });
      group.join(watcher);
      await watcher.catchUp([]);
      if (written.length > 0) watcher.bookmark();
      written.push(client.written);
    }
    expect(written).toEqual([[], ['bookmark\n'], []]);
  });
});
