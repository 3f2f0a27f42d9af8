import { apiextensions, apps, core, type KubeObject, type metav1 } from '@navarch/api';
import { noSuchPath } from '@navarch/apimachinery';
import * as fc from 'fast-check';
import { ControllerWorld } from '../../testing/controller-world';
import { garbageCollector } from './controller';

const ownedBy = (owner: KubeObject, kind: string, apiVersion: string, blockOwnerDeletion = true): metav1.OwnerReference => ({
  apiVersion, kind, name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '', controller: true, blockOwnerDeletion,
});

describe('the garbage collector', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());
  const run = (): Promise<void> => world.run(garbageCollector);

  const make = (name: string, ...owners: KubeObject[]): KubeObject =>
    world.create(core.configmaps, { metadata: { name, namespace: 'default', ownerReferences: owners.map((owner) => ({ ...ownedBy(owner, 'ConfigMap', 'v1'), controller: false })) } });
  const names = (): (string | undefined)[] => world.all(core.configmaps).map(({ metadata }) => metadata.name);
  const remove = (name: string, propagationPolicy: string): unknown => world.api.delete(core.configmaps, 'default', name, { propagationPolicy });

  it('deletes a Deployment with its ReplicaSets and pods in the background', async () => {
    const deployment = world.create(apps.deployments, { metadata: { name: 'web', namespace: 'default' } });
    const replicaSet = world.create(apps.replicasets, { metadata: { name: 'web-1', namespace: 'default', ownerReferences: [ownedBy(deployment, 'Deployment', 'apps/v1')] } });
    for (const name of ['a', 'b']) world.create(core.pods, { metadata: { name, namespace: 'default', ownerReferences: [ownedBy(replicaSet, 'ReplicaSet', 'apps/v1')] } });
    world.create(core.pods, { metadata: { name: 'free', namespace: 'default' } });
    await run();
    expect(world.all(core.pods)).toHaveLength(3);
    world.api.delete(apps.deployments, 'default', 'web', { propagationPolicy: 'Background' });
    await world.settle();
    await world.settle();
    expect(world.all(apps.replicasets)).toEqual([]);
    expect(world.all(core.pods).map(({ metadata }) => metadata.name)).toEqual(['free']);
  });

  it('lets an owner go last when it is deleted in the foreground', async () => {
    const owner = make('owner');
    const child = make('child', owner);
    make('grandchild', child);
    const held = world.create(core.configmaps, { metadata: { name: 'held', namespace: 'default', finalizers: ['x/y'], ownerReferences: [ownedBy(child, 'ConfigMap', 'v1')] } });
    await run();
    remove('owner', 'Foreground');
    await world.settle();
    await world.settle();
    expect(names()).toEqual(['child', 'held', 'owner']);
    world.change(core.configmaps, held.metadata.name ?? '', (object) => (object.metadata.finalizers = []));
    await world.settle();
    await world.settle();
    expect(names()).toEqual([]);
  });

  it('frees the dependents of an owner that is deleted without them', async () => {
    const owner = make('owner');
    make('child', owner);
    await run();
    remove('owner', 'Orphan');
    await world.settle();
    expect(names()).toEqual(['child']);
    expect(world.get(core.configmaps, 'child').metadata.ownerReferences ?? []).toEqual([]);
  });

  it('keeps what still has an owner, and strikes out those that are gone', async () => {
    const first = make('first');
    const second = make('second');
    make('child', first, second);
    await run();
    remove('first', 'Background');
    await world.settle();
    expect(names()).toEqual(['child', 'second']);
    expect(world.get(core.configmaps, 'child').metadata.ownerReferences?.map(({ name }) => name)).toEqual(['second']);
  });

  it('deletes what refers to an owner that never was, or was of another uid', async () => {
    const owner = make('owner');
    await run();
    world.create(core.configmaps, { metadata: { name: 'stale', namespace: 'default', ownerReferences: [{ ...ownedBy(owner, 'ConfigMap', 'v1'), uid: 'another' }] } });
    world.create(core.configmaps, { metadata: { name: 'good', namespace: 'default', ownerReferences: [ownedBy(owner, 'ConfigMap', 'v1')] } });
    await world.settle();
    await world.settle();
    expect(names()).toEqual(['good', 'owner']);
  });

  it('deletes nothing on hearsay: an owner that its cache lacks is asked for first', async () => {
    const owner = make('owner');
    await run();
    world.transport.paused = true;
    const late = make('late');
    world.transport.resume();
    make('child', owner, late);
    await world.settle();
    expect(names()).toEqual(['child', 'late', 'owner']);
  });

  it('does not follow kinds it does not know', async () => {
    await run();
    world.create(core.configmaps, { metadata: { name: 'child', namespace: 'default', ownerReferences: [{ apiVersion: 'unknown.example/v1', kind: 'Thing', name: 'x', uid: 'x' }] } });
    await world.clock.advance(5_000);
    expect(names()).toEqual(['child']);
  });

  it('does not take a kind that is not served for an owner that is gone', async () => {
    const owner = make('owner');
    await run();
    const get = world.transport.get.bind(world.transport);
    let isServed = false;
    world.transport.get = (request) => (isServed || request.key?.name !== 'owner' ? get(request) : Promise.reject(noSuchPath()));
    world.transport.paused = true;
    make('child', owner);
    world.transport.resume();
    world.create(core.configmaps, { metadata: { name: 'second', namespace: 'default', ownerReferences: [{ ...ownedBy(owner, 'ConfigMap', 'v1'), uid: 'another' }] } });
    await world.clock.advance(5_000);
    expect(names()).toEqual(['child', 'owner', 'second']);
    isServed = true;
    await world.clock.advance(60_000);
    expect(names()).toEqual(['child', 'owner']);
  });

  it('follows custom kinds while they are defined', async () => {
    const thing = (name: string, owners: metav1.OwnerReference[] = []): KubeObject => ({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name, namespace: 'default', ownerReferences: owners } });
    const things = { group: 'example.com', version: 'v1', resource: 'things', kind: 'Thing', namespaced: true };
    await run();
    world.create(apiextensions.customresourcedefinitions, {
      metadata: { name: 'things.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [{ name: 'v1', served: true, storage: true }] },
      status: { conditions: [{ type: 'Established', status: 'True' }] },
    });
    const owner = world.create(things, thing('owner'));
    world.create(core.configmaps, { metadata: { name: 'child', namespace: 'default', ownerReferences: [ownedBy(owner, 'Thing', 'example.com/v1')] } });
    await world.settle();
    world.api.delete(things, 'default', 'owner', { propagationPolicy: 'Background' });
    await world.settle();
    await world.settle();
    expect(names()).toEqual([]);
    world.api.delete(apiextensions.customresourcedefinitions, '', 'things.example.com');
    await world.settle();
    expect(world.informers.states().some(({ resource }) => resource === 'things')).toBe(false);
  });

  it('goes to work though a kind cannot be read', async () => {
    world.create(apiextensions.customresourcedefinitions, {
      metadata: { name: 'things.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [{ name: 'v1', served: true, storage: true }] },
      status: { conditions: [{ type: 'Established', status: 'True' }] },
    });
    const snapshot = world.transport.snapshot.bind(world.transport);
    world.transport.snapshot = (request) => {
      if (request.class?.resource?.resource === 'things') throw new Error('the conversion webhook fails');
      return snapshot(request);
    };
    const owner = make('owner');
    make('child', owner);
    const collector = garbageCollector(world.context);
    await world.start();
    const started = collector.start();
    await world.clock.advance(29_000);
    remove('owner', 'Background');
    await world.settle();
    expect(names()).toEqual(['child']);
    await world.clock.advance(1_000);
    await started;
    await world.settle();
    expect(names()).toEqual([]);
    expect(world.warnings).toEqual([{ resources: ['example.com/things'] }]);
    await collector.stop();
  });

  it('breaks circles of foreground deletion', async () => {
    const a = make('a');
    const b = make('b', a);
    await run();
    world.change(core.configmaps, 'a', (object) => (object.metadata.ownerReferences = [ownedBy(b, 'ConfigMap', 'v1')]));
    await world.settle();
    remove('a', 'Foreground');
    await world.clock.advance(5_000);
    expect(names()).toEqual([]);
  });

  it('leaves exactly those that can be reached from what was not deleted, in any graph', async () => {
    const graph = fc.record({ edges: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 12 }), deleted: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 3 }), policy: fc.constantFrom('Background', 'Foreground') });
    await fc.assert(fc.asyncProperty(graph, async ({ edges, deleted, policy }) => {
      const own = new ControllerWorld();
      try {
        // Owners have the lower numbers: no circles here.
        const owners = Array.from({ length: 8 }, (_, index) => [...new Set(edges.filter(([from, to]) => Math.max(from, to) === index && from !== to).map(([from, to]) => Math.min(from, to)))]);
        const made: KubeObject[] = [];
        for (const [index, of] of owners.entries()) {
          made.push(own.create(core.configmaps, { metadata: { name: `c${index}`, namespace: 'default', ownerReferences: of.map((owner) => ({ ...ownedBy(made[owner]!, 'ConfigMap', 'v1'), controller: false })) } }));
        }
        await own.run(garbageCollector);
        for (const index of deleted) own.api.delete(core.configmaps, 'default', `c${index}`, { propagationPolicy: policy });
        await own.clock.advance(30_000);
        const alive: boolean[] = [];
        for (const [index, of] of owners.entries()) alive.push(!deleted.includes(index) && (of.length === 0 || of.some((owner) => alive[owner] === true)));
        expect(own.all(core.configmaps).map(({ metadata }) => metadata.name)).toEqual(made.map(({ metadata }) => metadata.name).filter((_, index) => alive[index]));
      } finally {
        await own.stop();
      }
    }), { numRuns: 25 });
  }, 60_000);
});
