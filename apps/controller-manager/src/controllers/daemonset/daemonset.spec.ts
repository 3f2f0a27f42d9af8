import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { daemonSetController } from './controller';
import { targetNodeOf } from './daemon-pod';

const daemonSet = (spec: Partial<appsv1.DaemonSetSpec> = {}): appsv1.DaemonSet => ({
  metadata: { name: 'agent', namespace: 'default', annotations: { 'deprecated.daemonset.template.generation': '1' } },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'c', image: 'agent:1' }] } },
    ...spec,
  },
});
const node = (name: string, more: Partial<corev1.NodeSpec> = {}, labels: Record<string, string> = {}): corev1.Node => ({ metadata: { name, labels }, spec: more });
const taint = (effect: string): corev1.Taint => ({ key: 'dedicated', effect });

describe('DaemonSets', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  const run = async (object = daemonSet(), ...nodes: corev1.Node[]): Promise<void> => {
    for (const one of nodes.length === 0 ? [node('n1'), node('n2'), node('n3')] : nodes) world.create(core.nodes, one);
    world.create(apps.daemonsets, object);
    await world.run(daemonSetController);
    await world.untilQuiet();
  };
  const agent = (): appsv1.DaemonSet => world.get(apps.daemonsets, 'agent');
  const staying = (): corev1.Pod[] => world.all(core.pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const nodesOf = (image?: string): (string | undefined)[] => staying().filter(({ spec }) => image === undefined || spec?.containers[0]?.image === image).map(targetNodeOf).sort();
  const setImage = (image: string): void => world.change(apps.daemonsets, 'agent', (object) => {
    object.spec!.template.spec!.containers[0]!.image = image;
    object.metadata.annotations = { 'deprecated.daemonset.template.generation': image.slice(-1) };
  });

  it('put one pod on every node, held there by affinity, tolerating what befalls a node', async () => {
    await run();
    expect(nodesOf()).toEqual(['n1', 'n2', 'n3']);
    const [pod] = staying();
    const [revision] = world.all(apps.controllerrevisions);
    expect(pod?.metadata.labels).toMatchObject({ 'controller-revision-hash': revision?.metadata.labels?.['controller-revision-hash'], 'pod-template-generation': '1' });
    expect(revision?.metadata.name).toBe(`agent-${revision?.metadata.labels?.['controller-revision-hash'] ?? ''}`);
    expect(pod?.spec?.tolerations?.map(({ key, effect }) => `${key ?? ''}:${effect ?? ''}`)).toEqual([
      'node.kubernetes.io/not-ready:NoExecute', 'node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/memory-pressure:NoSchedule', 'node.kubernetes.io/pid-pressure:NoSchedule', 'node.kubernetes.io/unschedulable:NoSchedule',
    ]);
    expect(agent().status).toEqual({ currentNumberScheduled: 3, desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 3, numberAvailable: 3, updatedNumberScheduled: 3, observedGeneration: 1 });
    expect(world.warnings).toEqual([]);
  });

  it('choose nodes by selector and taints, and follow them as they change', async () => {
    const object = daemonSet();
    object.spec!.template.spec!.nodeSelector = { disk: 'ssd' };
    await run(object, node('n1', {}, { disk: 'ssd' }), node('n2'), node('n3', { taints: [taint('NoSchedule')] }, { disk: 'ssd' }), node('n4', { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] }, { disk: 'ssd' }));
    expect(nodesOf()).toEqual(['n1', 'n4']);
    world.change(core.nodes, 'n2', (one) => (one.metadata.labels = { disk: 'ssd' }));
    await world.untilQuiet();
    expect(nodesOf()).toEqual(['n1', 'n2', 'n4']);
    // NoSchedule lets a pod stay, NoExecute does not.
    world.change(core.nodes, 'n1', (one) => (one.spec = { taints: [taint('NoSchedule')] }));
    world.change(core.nodes, 'n2', (one) => (one.spec = { taints: [taint('NoExecute')] }));
    await world.untilQuiet();
    expect(nodesOf()).toEqual(['n1', 'n4']);
    expect(agent().status).toMatchObject({ desiredNumberScheduled: 1, currentNumberScheduled: 1, numberMisscheduled: 1 });
  });

  it('replace failed pods, later each time', async () => {
    await run(daemonSet(), node('n1'));
    const fail = async (): Promise<void> => {
      const [pod] = staying();
      world.change(core.pods, pod?.metadata.name ?? '', (object) => (object.status = { phase: 'Failed' }), 'status');
      await world.settle();
      for (const { metadata } of world.all(core.pods)) if (metadata.deletionTimestamp !== undefined) world.api.delete(core.pods, 'default', metadata.name ?? '', { gracePeriodSeconds: 0 });
      await world.settle();
    };
    await fail();
    expect(staying()[0]?.status).toBeUndefined();
    expect(world.eventsOf('agent').some((event) => /^FailedDaemonPod: Found failed daemon pod default\/agent-\w+ on node n1, will try to kill it$/.test(event))).toBe(true);
    await fail();
    expect(staying()[0]?.status?.phase).toBe('Failed');
    await world.clock.advance(1_000);
    await world.untilQuiet();
    expect(staying()[0]?.status?.phase).toBe('Running');
  });

  it.each([
    { limit: 1, mostUnavailable: 1 },
    { limit: '50%', mostUnavailable: 2 },
  ])('roll with at most $limit unavailable', async ({ limit, mostUnavailable }) => {
    await run(daemonSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: limit, maxSurge: 0 } } }), ...['n1', 'n2', 'n3', 'n4'].map((name) => node(name)));
    setImage('agent:2');
    let fewest = 4;
    for (let turn = 0; turn < 30; turn++) {
      await world.settle();
      fewest = Math.min(fewest, staying().filter(({ status }) => status?.phase === 'Running').length);
      world.runPods();
      await world.clock.advance(100);
    }
    expect(fewest).toBe(4 - mostUnavailable);
    expect(nodesOf('agent:2')).toEqual(['n1', 'n2', 'n3', 'n4']);
    expect(agent().status?.updatedNumberScheduled).toBe(4);
  });

  it('roll with surge: the old pod goes when the new one beside it is available', async () => {
    await run(daemonSet({ minReadySeconds: 5, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }));
    await world.clock.advance(6_000);
    setImage('agent:2');
    await world.settle();
    expect(nodesOf('agent:2')).toHaveLength(1);
    world.runPods();
    await world.clock.advance(4_000);
    expect(nodesOf('agent:1')).toHaveLength(3);
    await world.clock.advance(2_000);
    expect(nodesOf('agent:1')).toHaveLength(2);
    for (let turn = 0; turn < 10; turn++) {
      world.runPods();
      await world.clock.advance(6_000);
    }
    expect(nodesOf('agent:2')).toEqual(['n1', 'n2', 'n3']);
    expect(nodesOf('agent:1')).toEqual([]);
  });

  it('of type OnDelete wait for someone to delete the old pods', async () => {
    await run(daemonSet({ updateStrategy: { type: 'OnDelete' } }));
    setImage('agent:2');
    await world.untilQuiet();
    expect(nodesOf('agent:1')).toHaveLength(3);
    world.api.delete(core.pods, 'default', staying()[0]?.metadata.name ?? '', { gracePeriodSeconds: 0 });
    await world.untilQuiet();
    expect(nodesOf('agent:2')).toHaveLength(1);
  });

  it('remember their templates, as many as asked for, and bring one back to the top', async () => {
    await run(daemonSet({ revisionHistoryLimit: 1 }));
    for (const image of ['agent:2', 'agent:3', 'agent:2']) {
      setImage(image);
      await world.untilQuiet();
    }
    expect(world.all(apps.controllerrevisions).map(({ revision }) => revision).sort()).toEqual([3, 4]);
    expect(nodesOf('agent:2')).toHaveLength(3);
  });

  it('keep one of several revisions of the same template: its pods stay, under the label of that one', async () => {
    await run();
    const names = nodesOf();
    const before = staying().map(({ metadata }) => metadata.uid).sort();
    const [first] = world.all(apps.controllerrevisions);
    world.create(apps.controllerrevisions, { ...first!, metadata: { ...first!.metadata, name: 'agent-again', labels: { app: 'agent', 'controller-revision-hash': 'again' } }, revision: 2 });
    await world.untilQuiet();
    // Until something happens to the DaemonSet nobody looks.
    expect(world.all(apps.controllerrevisions)).toHaveLength(2);
    world.change(apps.daemonsets, 'agent', ({ metadata }) => (metadata.labels = { look: 'again' }));
    await world.untilQuiet();
    expect(world.all(apps.controllerrevisions).map(({ metadata, revision }) => `${metadata.name ?? ''} ${revision}`)).toEqual(['agent-again 2']);
    expect(staying().map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual(['again', 'again', 'again']);
    expect([nodesOf(), staying().map(({ metadata }) => metadata.uid).sort()]).toEqual([names, before]);
  });

  it('know a revision that lost its label by its name', async () => {
    await run(daemonSet(), node('n1'));
    const name = world.all(apps.controllerrevisions)[0]?.metadata.name ?? '';
    world.change(apps.controllerrevisions, name, ({ metadata }) => (metadata.labels = { app: 'agent' }));
    await world.untilQuiet();
    expect(world.all(apps.controllerrevisions).map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual([name]);
    expect(staying().map(({ metadata }) => metadata.labels?.['controller-revision-hash'])).toEqual([name]);
  });

  it('make a pod beside one that is over and stays only until somebody has let go of it', async () => {
    await run(daemonSet(), node('n1'));
    world.change(core.pods, staying()[0]?.metadata.name ?? '', ({ metadata }) => (metadata.finalizers = ['x/y']));
    world.change(core.pods, staying()[0]?.metadata.name ?? '', (pod) => (pod.status = { phase: 'Failed' }), 'status');
    await world.settle();
    expect(world.all(core.pods)).toHaveLength(2);
    expect(nodesOf()).toEqual(['n1']);
  });

  it('keep one pod a node though several were adopted, and none for nodes that are gone', async () => {
    for (const name of ['a', 'b']) world.create(core.pods, { metadata: { name, namespace: 'default', labels: { app: 'agent' } }, spec: { nodeName: 'n1', containers: [] } });
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['gone'] }] }] } } };
    world.create(core.pods, { metadata: { name: 'waits', namespace: 'default', labels: { app: 'agent' } }, spec: { containers: [], affinity } });
    world.create(core.nodes, node('n1'));
    world.create(apps.daemonsets, daemonSet({ updateStrategy: { type: 'OnDelete' } }));
    await world.run(daemonSetController);
    await world.untilQuiet();
    expect(staying().map(({ metadata }) => metadata.name)).toEqual(['a']);
  });
});
