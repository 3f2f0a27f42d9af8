import { core, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { podGarbageCollector } from './controller';

const pod = (name: string, phase: string, nodeName?: string): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) }, status: { phase } });

describe('pods that nobody else removes', () => {
  let world: ControllerWorld;
  beforeEach(() => {
    world = new ControllerWorld({ terminatedPodGcThreshold: 2 });
    world.create(core.nodes, { metadata: { name: 'n1' } });
  });
  afterEach(() => world.stop());
  const names = (): (string | undefined)[] => world.all(core.pods).map(({ metadata }) => metadata.name);

  it('go when their node has been gone for long enough', async () => {
    world.create(core.pods, pod('here', 'Running', 'n1'));
    world.create(core.pods, pod('lost', 'Running', 'n2'));
    await world.run(podGarbageCollector);
    await world.clock.advance(39_000);
    expect(names()).toEqual(['here', 'lost']);
    await world.clock.advance(30_000);
    expect(names()).toEqual(['here']);
    const lost = world.api.events.filter(({ name }) => name === 'lost').map(({ object }) => object as corev1.Pod);
    expect(lost.at(-1)?.status).toMatchObject({ phase: 'Failed', conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }] });
  });

  it('stay when the node is there after all', async () => {
    await world.run(podGarbageCollector);
    world.transport.paused = true;
    world.create(core.nodes, { metadata: { name: 'n2' } });
    world.create(core.pods, pod('late', 'Running', 'n2'));
    await world.clock.advance(120_000);
    expect(names()).toEqual(['late']);
    world.transport.resume();
  });

  it('go, oldest first, when too many are over', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      world.create(core.pods, pod(name, name === 'a' ? 'Failed' : 'Succeeded', 'n1'));
      await world.clock.advance(1_000);
    }
    await world.run(podGarbageCollector);
    expect(names()).toEqual(['c', 'd']);
  });
});
