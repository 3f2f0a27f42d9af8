import { apps, core, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { deletionAgeRatios } from './deletion-age-ratio';
import { replicaSetController } from './controller';

const now = Date.parse('2026-01-01T01:00:00Z');
const pod = (ageSeconds: number, status = 'True'): corev1.Pod => ({
  metadata: { creationTimestamp: new Date(now - ageSeconds * 1000).toISOString() }, status: { conditions: [{ type: 'Ready', status }] },
});

describe('the ages of pods that were chosen for deletion', () => {
  const [young, middle, old, unready] = [pod(10), pod(25), pod(100), pod(1, 'False')];
  it.each<[string, corev1.Pod[], corev1.Pod[], number[]]>([
    ['are whole multiples of that of the youngest', [young, middle, old], [middle, old].reverse(), [10, 2]],
    ['leave out pods that are not ready, on both sides', [unready, young, old], [unready, young], [1]],
    ['are none when nothing is removed', [young], [], []],
    ['are none when all go', [young, old], [young, old], []],
    ['are none while the youngest is new', [pod(0), old], [old], []],
  ])('%s', (_name, active, remove, ratios) => expect(deletionAgeRatios(active, remove, now)).toEqual(ratios));

  it('are told when a ReplicaSet becomes smaller', async () => {
    const world = new ControllerWorld();
    world.create(apps.replicasets, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } } } });
    await world.run(replicaSetController);
    await world.untilQuiet();
    await world.clock.advance(60_000);
    world.change(apps.replicasets, 'web', (object) => (object.spec = { ...object.spec!, replicas: 1 }));
    await world.settle();
    const values = (await world.registry.getSingleMetric('replicaset_controller_sorting_deletion_age_ratio')?.get())?.values as { metricName?: string; value: number }[];
    expect(values.find(({ metricName }) => metricName?.endsWith('_count'))?.value).toBe(2);
    expect(values.find(({ metricName }) => metricName?.endsWith('_sum'))?.value).toBe(2);
    expect(world.all(core.pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toHaveLength(1);
    await world.stop();
  });
});
