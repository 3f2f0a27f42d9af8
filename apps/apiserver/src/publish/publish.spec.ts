import type { KubeObject } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { changev1, objectv1 } from '@navarch/proto';
import { MemoryStore } from '@navarch/storage';
import type { ClassTokens } from '@navarch/bus';
import { applyDefaults } from '../codec/decode-body';
import { create } from '../registry/create';
import { remove } from '../registry/delete';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import { ChangePublisher } from './change-publisher';
import { PublisherLease } from './publisher-lease';

class RecordingBus {
  readonly changes: { change: changev1.Change; node: string }[] = [];
  readonly bookmarks: { of: ClassTokens; bookmark: changev1.Change }[] = [];

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  publishChange(change: changev1.Change, node = ''): boolean {
    this.changes.push({ change, node });
    return true;
  }

  publishBookmark(of: ClassTokens, bookmark: changev1.Change): boolean {
    this.bookmarks.push({ of, bookmark });
    return true;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the change publisher', () => {
  const clock = new FakeClock();
  const bus = new RecordingBus();
  let registry: MemoryRegistry;
  let publisher: ChangePublisher;

  beforeAll(async () => {
    registry = await memoryRegistry(clock);
    const lease = new PublisherLease({ store: registry.store, clock });
    publisher = new ChangePublisher({ cache: registry.cache, registry: registry.registry, bus, lease, clock });
    await publisher.start();
    while (!lease.held) await settle();
  });

  afterAll(async () => {
    await publisher.stop();
    await registry.stop();
  });

  const store = (resource: string) => {
    const found = registry.registry.store('', resource);
    if (!found) throw new Error(`${resource} is not served`);
    return found;
  };

  it('names in each message the version before it, so that a gap shows', async () => {
    const services = store('services');
    const service = { metadata: { name: 'a', namespace: 'd' }, spec: { ports: [{ port: 80 }] } } as KubeObject;
    applyDefaults(service, { group: '', version: 'v1', kind: 'Service' });
    const first = await create(services, service, registry.context);
    const { object } = await remove(services, 'd', 'a', { dryRun: false, asksForCascade: false }, registry.context);
    const changes = bus.changes.map(({ change }) => change).filter(({ key }) => key?.resource?.resource === 'services');
    expect(changes.map(({ type, rv }) => [type, rv])).toEqual([
      [objectv1.EventType.ADDED, BigInt(first.resourceVersion)],
      [objectv1.EventType.DELETED, BigInt(object.resourceVersion)],
    ]);
    expect(changes[1]?.prev).toBe(BigInt(first.resourceVersion));
    expect(changes[0]).toMatchObject({ epoch: registry.cache.epoch, completeness: changev1.Completeness.FULL, key: { namespace: 'd', name: 'a' } });
    expect(JSON.parse(String(changes[0]?.body))).toEqual(first.object);
  });

  it.each([
    ['secrets', changev1.Completeness.KEY],
    ['limitranges', changev1.Completeness.METADATA],
  ])('sends of %s only what may be sent', async (resource, completeness) => {
    const made = await create(store(resource), { metadata: { name: 'x', namespace: 'd', labels: { l: 'v' } }, data: { secret: 'aHVudGVyMg==' } } as never, registry.context);
    const { change } = bus.changes.at(-1) ?? {};
    expect(change).toMatchObject({ completeness, rv: BigInt(made.resourceVersion), uid: made.object.metadata.uid });
    expect(String(change?.body)).not.toContain('aHVudGVyMg');
  });

  it.each(['configmaps', 'serviceaccounts'])('names %s only by key, uid and version', async (resource) => {
    const made = await create(store(resource), { metadata: { name: 'x', namespace: 'd', annotations: { note: 'not for everyone' } } }, registry.context);
    const { change } = bus.changes.at(-1) ?? {};
    expect(change).toMatchObject({ completeness: changev1.Completeness.KEY, rv: BigInt(made.resourceVersion), uid: made.object.metadata.uid, key: { namespace: 'd', name: 'x' } });
    expect(change?.body).toHaveLength(0);
  });

  it('sends no body that NATS would cut the connection for', async () => {
    const body = (bytes: number): KubeObject => {
      const service = { metadata: { name: `n${bytes}`, namespace: 'd', annotations: { long: 'x'.repeat(bytes) } }, spec: { ports: [{ port: 80 }] } } as KubeObject;
      applyDefaults(service, { group: '', version: 'v1', kind: 'Service' });
      return service;
    };
    await create(store('services'), body(200 * 1024), registry.context);
    expect(bus.changes.at(-1)?.change.completeness).toBe(changev1.Completeness.FULL);
    // Larger than annotations may be, as another writer of the store could leave it.
    const { prefix } = store('services');
    const object = { metadata: { name: 'large', namespace: 'd', uid: 'u', annotations: { long: 'x'.repeat(513 * 1024) } }, spec: { ports: [{ port: 80 }] } };
    const outcome = await registry.store.commit({ ops: [{ kind: 'put', key: `${prefix}d/large`, json: Buffer.from(JSON.stringify(object)), expectedModRevision: 0 }] });
    if (!outcome.ok) throw new Error('not written');
    await registry.cache.waitFor(outcome.resourceVersions[0] ?? 0);
    expect(bus.changes.at(-1)?.change).toMatchObject({ completeness: changev1.Completeness.KEY, key: { name: 'large' }, uid: 'u', rv: BigInt(outcome.resourceVersions[0] ?? 0) });
    expect(bus.changes.at(-1)?.change.body).toHaveLength(0);
  });

  it('tells the pods of each node apart, and says of each every ten seconds that nothing is missing', async () => {
    const pods = store('pods');
    const pod = (name: string, nodeName: string): KubeObject => {
      const made = { metadata: { name, namespace: 'd' }, spec: { nodeName, containers: [{ name: 'c', image: 'i' }] } } as KubeObject;
      applyDefaults(made, { group: '', version: 'v1', kind: 'Pod' });
      return made;
    };
    const versions: string[] = [];
    for (const [name, node] of [['a', 'n1'], ['b', 'n2'], ['c', 'n1']] as const) versions.push((await create(pods, pod(name, node), registry.context)).resourceVersion.toString());
    const [a, b, c] = bus.changes.slice(-3);
    expect([a, b, c].map((sent) => sent?.node)).toEqual(['n1', 'n2', 'n1']);
    expect([c?.change.prev, c?.change.prevNode]).toEqual([BigInt(versions[1] ?? 0), BigInt(versions[0] ?? 0)]);
    bus.bookmarks.length = 0;
    await clock.advance(10_000);
    for (const [node, last] of [['n1', 2], ['n2', 1]] as const) {
      const sent = bus.bookmarks.filter(({ of }) => of.resource === 'pods' && of.node === node);
      expect(sent.map(({ bookmark }) => bookmark.prev)).toEqual([BigInt(versions[last] ?? 0)]);
    }
    expect(bus.bookmarks.filter(({ of }) => of.resource === 'pods' && of.node === undefined)).toHaveLength(10);
  });

  it('says every second that nothing is missing', async () => {
    const services = store('services');
    await clock.advance(1000);
    const mine = bus.bookmarks.filter(({ of }) => of.group === '' && of.resource === 'services').at(-1);
    expect(mine?.bookmark).toMatchObject({ type: objectv1.EventType.BOOKMARK, prev: BigInt(services.objects.lastVersion), rv: BigInt(registry.cache.version) });
  });
});

describe('the publisher lease', () => {
  it('is held by one, and taken over when its holder is silent', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore(clock);
    const [first, second] = [new PublisherLease({ store, clock }), new PublisherLease({ store, clock })];
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 1000) {
        await clock.advance(1000);
        for (let i = 0; i < 20; i++) await settle();
      }
    };
    first.start();
    await pass(1000);
    second.start();
    await pass(20_000);
    expect([first.held, second.held]).toEqual([true, false]);
    await first.stop();
    await pass(20_000);
    expect([first.held, second.held]).toEqual([false, true]);
    await second.stop();
    await store.close();
  });
});
