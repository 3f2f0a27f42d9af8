import { core, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { podGarbageCollector } from './controller';
import { planPodGc } from './sync';

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
    expect(lost.at(-1)?.status).toMatchObject({ phase: 'Failed', conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists', observedGeneration: expect.any(Number) as number }] });
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

  it('go at once from a node that is out of service, and end before they do', async () => {
    world.create(core.nodes, { metadata: { name: 'dead' }, spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } });
    world.create(core.nodes, { metadata: { name: 'alive' }, spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    for (const name of ['dead', 'alive']) {
      world.create(core.pods, pod(name, 'Running', name));
      world.api.delete(core.pods, 'default', name);
    }
    world.create(core.pods, pod('stays', 'Running', 'dead'));
    await world.run(podGarbageCollector);
    expect(names()).toEqual(['alive', 'stays']);
    const dead: corev1.Pod | undefined = world.api.events.filter(({ name }) => name === 'dead').at(-1)?.object;
    expect(dead?.status?.phase).toBe('Failed');
    expect(await world.metric('pod_gc_collector_force_delete_pods_total')).toEqual({ 'default/out-of-service': 1 });
  });

  it('fail when they are to go before they have a node: who holds them must see their end', async () => {
    world.create(core.pods, { ...pod('held', 'Pending'), metadata: { name: 'held', namespace: 'default', finalizers: ['example.com/counts'] } });
    world.api.delete(core.pods, 'default', 'held');
    await world.run(podGarbageCollector);
    expect(world.get(core.pods, 'held').status?.phase).toBe('Failed');
  });

  it('go, evicted ones first, when too many are over', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      const over = pod(name, name === 'd' ? 'Failed' : 'Succeeded', 'n1');
      world.create(core.pods, name === 'd' ? { ...over, status: { phase: 'Failed', reason: 'Evicted' } } : over);
      await world.clock.advance(1_000);
    }
    await world.run(podGarbageCollector);
    expect(names()).toEqual(['b', 'c']);
  });

  it('go, oldest first, when too many are over', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      world.create(core.pods, pod(name, name === 'a' ? 'Failed' : 'Succeeded', 'n1'));
      await world.clock.advance(1_000);
    }
    await world.run(podGarbageCollector);
    expect(names()).toEqual(['c', 'd']);
  });

  it('go by their names where they are of one age', () => {
    const pods = ['c', 'a', 'b'].map((name) => pod(name, 'Succeeded', 'n1'));
    expect(planPodGc({ pods, node: () => undefined, terminatedThreshold: 1 }).terminated.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });
});
