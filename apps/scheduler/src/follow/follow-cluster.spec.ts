import { resource } from '@navarch/api';
import { SchedulerWorld } from '../testing/scheduler-world';

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
