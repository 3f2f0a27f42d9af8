import { resource, type KubeObject, type ResourceType } from '@navarch/api';
import type { ExternalPlugin } from '../external/external-plugin';
import { SchedulerWorld } from '../testing/scheduler-world';

describe('a resource that only a plug-in in another process knows', () => {
  const foos: ResourceType<KubeObject> = { group: 'example.com', version: 'v1', resource: 'foos', kind: 'Foo', namespaced: true };

  it('helps pods that this one refused, by the events that it names', async () => {
    let accepts = false;
    let say: (names: readonly string[]) => void = () => undefined;
    const rooms: ExternalPlugin = {
      name: 'Rooms', ignorable: false, weight: 1, concerns: () => true, hints: { 'foos.v1.example.comUpdate': () => true },
      filter: (_pod, nodes) => Promise.resolve(accepts ? { feasible: nodes, refusals: [] } : { feasible: [], refusals: nodes.map(({ name }) => ({ node: name, plugin: 'Rooms', reasons: ['no room'], unresolvable: false })) }),
      onEventsKnown: (tell) => (say = tell),
    };
    const world = new SchedulerWorld({ extenders: [rooms] });
    world.node('a');
    world.pod('web');
    world.create(foos, { metadata: { name: 'x', namespace: 'default' } });
    await world.lead();
    await world.settle();
    expect(world.messageOf('web')).toContain('no room');
    say(['foos.v1.example.comUpdate', 'NodeAdd']);
    await world.settle();
    accepts = true;
    world.create(foos, { metadata: { name: 'y', namespace: 'default' } });
    await world.settle();
    expect(world.nodeOf('web')).toBe('');
    world.api.update(foos, 'default', 'x', '', { metadata: { name: 'x', namespace: 'default', labels: { a: '1' } } });
    await world.settle();
    expect(world.nodeOf('web')).toBe('a');
    await world.stop();
  });
});

describe('a rule that taints devices', () => {
  let world: SchedulerWorld;
  afterEach(() => world.stop());

  it('keeps pods away from them until it goes', async () => {
    world = new SchedulerWorld();
    world.node('a');
    world.create(resource.deviceclasses, { metadata: { name: 'gpu' }, spec: {} });
    world.create(resource.resourceslices, { metadata: { name: 's' }, spec: { driver: 'd', nodeName: 'a', pool: { name: 'a', generation: 1, resourceSliceCount: 1 }, devices: [{ name: 'x' }] } });
    world.create(resource.devicetaintrules, { metadata: { name: 'maintenance' }, spec: { deviceSelector: { driver: 'd' }, taint: { key: 'maintenance', effect: 'NoSchedule' } } });
    world.create(resource.resourceclaims, { metadata: { name: 'c', namespace: 'default' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } });
    world.pod('web', '1', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] });
    await world.lead();
    expect([world.nodeOf('web'), world.messageOf('web')]).toEqual(['', expect.stringContaining('cannot allocate all claims')]);
    world.api.delete(resource.devicetaintrules, '', 'maintenance', {});
    await world.settle();
    expect(world.nodeOf('web')).toBe('a');
  });
});
