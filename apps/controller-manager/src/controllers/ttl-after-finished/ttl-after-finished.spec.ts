import { batch } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { ttlAfterFinishedController } from './controller';

describe('Jobs with a time to live', () => {
  it('go that long after their end, unless that is prolonged', async () => {
    const world = new ControllerWorld();
    const at = new Date(world.clock.now()).toISOString();
    for (const [name, type] of [['done', 'Complete'], ['failed', 'Failed'], ['kept', 'Complete'], ['running', 'Suspended']] as const) {
      world.create(batch.jobs, { metadata: { name, namespace: 'default' }, spec: { ...(name === 'kept' ? {} : { ttlSecondsAfterFinished: 100 }), template: {} }, status: { conditions: [{ type, status: 'True', lastTransitionTime: at }] } });
    }
    await world.run(ttlAfterFinishedController);
    world.change(batch.jobs, 'failed', (job) => (job.spec!.ttlSecondsAfterFinished = 200));
    await world.clock.advance(99_000);
    expect(world.all(batch.jobs)).toHaveLength(4);
    await world.clock.advance(1_000);
    // In the foreground: the garbage collector takes the pods first.
    expect(world.get(batch.jobs, 'done').metadata.finalizers).toEqual(['foregroundDeletion']);
    expect(world.get(batch.jobs, 'failed').metadata.deletionTimestamp).toBeUndefined();
    await world.clock.advance(100_000);
    expect(world.all(batch.jobs).filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name)).toEqual(['kept', 'running']);
    await world.stop();
  });

  it('tell how late they went', async () => {
    const world = new ControllerWorld();
    const at = new Date(world.clock.now() - 160_000).toISOString();
    world.create(batch.jobs, { metadata: { name: 'done', namespace: 'default' }, spec: { ttlSecondsAfterFinished: 100, template: {} }, status: { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: at }] } });
    await world.run(ttlAfterFinishedController);
    expect(await world.registry.metrics()).toContain('ttl_after_finished_controller_job_deletion_duration_seconds_sum 60');
    await world.stop();
  });
});
