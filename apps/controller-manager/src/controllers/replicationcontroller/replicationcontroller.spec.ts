import { core } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { replicationController } from './controller';

describe('ReplicationControllers', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  it('keep as many pods as asked for, by a selector of plain labels', async () => {
    world.create(core.pods, { metadata: { name: 'orphan', namespace: 'default', labels: { app: 'rc' } }, spec: { containers: [] } });
    world.create(core.replicationcontrollers, { metadata: { name: 'rc', namespace: 'default' }, spec: { replicas: 3, selector: { app: 'rc' }, template: { metadata: { labels: { app: 'rc' } }, spec: { containers: [] } } } });
    await world.run(replicationController);
    await world.untilQuiet();
    expect(world.all(core.pods)).toHaveLength(3);
    expect(world.get(core.pods, 'orphan').metadata.ownerReferences).toMatchObject([{ apiVersion: 'v1', kind: 'ReplicationController', name: 'rc', controller: true }]);
    expect(world.get(core.replicationcontrollers, 'rc').status).toEqual({ replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 });
    expect(world.eventsOf('rc').filter((event) => event.startsWith('SuccessfulCreate: Created pod: rc-'))).toHaveLength(2);
    world.change(core.replicationcontrollers, 'rc', (object) => (object.spec!.replicas = 0));
    await world.untilQuiet();
    expect(world.all(core.pods)).toEqual([]);
    const before = world.api.version;
    await world.clock.advance(1_000);
    expect(world.api.version).toBe(before);
  });
});
