import { coordination, core, type corev1 } from '@navarch/api';
import { formatMicroTime, formatTime } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { taintEvictionController } from '../taint-eviction/controller';
import { nodeLifecycleController } from './controller';
import { planTaints } from './taints';
import { planZones, ZoneLimiter, zoneState } from './zones';

const nodeWith = (status: string | undefined, taints: corev1.Taint[] = [], zone = 'z'): corev1.Node => ({
  metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': zone } },
  spec: { taints },
  status: { conditions: status === undefined ? [] : [{ type: 'Ready', status }] },
});
const taintNames = (taints: readonly corev1.Taint[] | undefined): string[] | undefined => taints?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`);

describe('zones', () => {
  it.each([
    { statuses: ['True', 'True'], state: 'Normal', reason: 'all is well' },
    { statuses: ['False', 'True'], state: 'Normal', reason: 'few nodes prove nothing' },
    { statuses: ['False', 'Unknown', 'False', 'True', 'True'], state: 'PartialDisruption', reason: 'more than 55 %' },
    { statuses: ['False', 'Unknown', 'False', 'True', 'True', 'True'], state: 'Normal', reason: 'half' },
    { statuses: ['Unknown'], state: 'FullDisruption', reason: 'none is ready' },
    { statuses: [], state: 'Normal', reason: 'no nodes' },
  ])('are $state when $reason', ({ statuses, state }) => {
    expect(zoneState(statuses.map((status) => nodeWith(status)), 0.55)).toBe(state);
  });

  const rates = { normal: 0.1, secondary: 0.01, largeClusterSize: 5, unhealthyShare: 0.55 };
  const some = (zone: string, ready: number, silent: number): corev1.Node[] => [...Array.from({ length: ready }, () => nodeWith('True', [], zone)), ...Array.from({ length: silent }, () => nodeWith('Unknown', [], zone))];

  it('slow evictions down or stop them, the more of them is silent', () => {
    const plan = planZones([...some('fine', 5, 1), ...some('large', 2, 6), ...some('small', 1, 3), ...some('dead', 0, 2)], rates);
    expect(Object.fromEntries(plan.rates)).toEqual({ ':fine': 0.1, ':large': 0.01, ':small': 0, ':dead': 0.1 });
    expect(plan.allDisrupted).toBe(false);
    expect(planZones([...some('a', 0, 2), ...some('b', 0, 1)], rates)).toEqual({ rates: new Map([[':a', 0], [':b', 0]]), allDisrupted: true });
  });

  it('are not judged by nodes that are excluded from that', () => {
    const excluded = nodeWith('Unknown', [], 'a');
    const silent = { ...excluded, metadata: { name: 'x', labels: { ...excluded.metadata.labels, 'node.kubernetes.io/exclude-disruption': '' } } };
    expect(planZones([...some('a', 2, 1), silent, silent, silent], rates).rates.get(':a')).toBe(0.1);
    // A zone that nobody speaks for does not keep all from being disrupted.
    expect(planZones([...some('b', 0, 1), silent], rates)).toMatchObject({ allDisrupted: true });
  });

  it('let one node through per period', () => {
    const limiter = new ZoneLimiter();
    expect(limiter.take('z', 0)).toBeUndefined();
    limiter.rates = new Map([['z', 0.1]]);
    expect(limiter.take('z', 1_000)).toBe(0);
    expect(limiter.take('z', 1_000)).toBe(10_000);
    expect(limiter.take('z', 11_000)).toBe(0);
  });
});

describe('taints', () => {
  const at = { mayEvict: true, spare: false, nowMs: 0 };
  const noExecute = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
  const noSchedule = { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' };
  const foreign = { key: 'mine', effect: 'NoExecute' };

  it.each([
    { reason: 'a ready node has none', node: nodeWith('True'), options: at, taints: undefined },
    { reason: 'a node that is not ready', node: nodeWith('False'), options: at, taints: ['not-ready:NoSchedule', 'not-ready:NoExecute'] },
    { reason: 'a silent node', node: nodeWith('Unknown'), options: at, taints: ['unreachable:NoSchedule', 'unreachable:NoExecute'] },
    { reason: 'a silent node without leave to empty it', node: nodeWith('Unknown'), options: { ...at, mayEvict: false }, taints: ['unreachable:NoSchedule'] },
    { reason: 'a node that came back', node: nodeWith('True', [noExecute, noSchedule, foreign]), options: at, taints: ['mine:NoExecute'] },
    { reason: 'from one reason to the other without new leave', node: nodeWith('False', [noExecute, noSchedule]), options: { ...at, mayEvict: false }, taints: ['not-ready:NoSchedule', 'not-ready:NoExecute'] },
    { reason: 'when nothing is ready anywhere', node: nodeWith('Unknown', [noExecute, noSchedule]), options: { ...at, spare: true }, taints: ['unreachable:NoSchedule'] },
    { reason: 'cordoned', node: { ...nodeWith('True'), spec: { unschedulable: true } }, options: at, taints: ['unschedulable:NoSchedule'] },
    { reason: 'not registered fully yet', node: nodeWith(undefined), options: at, taints: undefined },
  ])('are right: $reason', ({ node, options, taints }) => {
    const plan = planTaints(node, options);
    expect(taintNames(plan.taints)).toEqual(taints);
    if (plan.taints !== undefined) expect(planTaints({ ...node, spec: { ...node.spec, taints: [...plan.taints] } }, options).taints).toBeUndefined();
  });
});

describe('nodes', () => {
  let world: ControllerWorld;
  /** Kubelets that are alive renew their Leases. */
  const alive = new Set<string>();

  beforeEach(() => {
    world = new ControllerWorld({ nodeMonitorGracePeriod: 40_000 });
    alive.clear();
    world.create(core.namespaces, { metadata: { name: 'kube-system' } });
  });
  afterEach(() => world.stop());

  function addNode(name: string): void {
    world.create(core.nodes, { metadata: { name, labels: { 'kubernetes.io/os': 'linux' } }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    world.create(coordination.leases, { metadata: { name, namespace: 'kube-node-lease' }, spec: { holderIdentity: name, renewTime: formatMicroTime(world.clock.now()) } });
    alive.add(name);
  }

  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 5) {
      await world.clock.advance(5_000);
      for (const name of alive) {
        const lease = world.get(coordination.leases, name, 'kube-node-lease');
        world.api.update(coordination.leases, 'kube-node-lease', name, '', { ...lease, spec: { renewTime: formatMicroTime(world.clock.now()) } } as never);
      }
      await world.settle();
    }
  }

  const readyOf = (name: string): string => {
    const ready = world.get(core.nodes, name).status?.conditions?.find(({ type }) => type === 'Ready');
    return `${ready?.status ?? ''} ${ready?.reason ?? ''} ${ready?.message ?? ''}`.trim();
  };
  const taintsOf = (name: string): string[] | undefined => taintNames(world.get(core.nodes, name).spec?.taints);
  const addPod = (name: string, node: string, tolerations: corev1.Toleration[] = []): corev1.Pod =>
    world.create(core.pods, {
      metadata: { name, namespace: 'default' },
      spec: { containers: [], nodeName: node, tolerations },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(world.clock.now()) }] },
    });
  const fiveMinutes: corev1.Toleration[] = ['not-ready', 'unreachable'].map((key) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));

  it.each([-86_400_000, 86_400_000])('are not held to be silent because the clock was set by %d ms', async (ms) => {
    for (const name of ['n1', 'n2']) addNode(name);
    addPod('runs', 'n1', fiveMinutes);
    await world.run(nodeLifecycleController, taintEvictionController);
    await pass(60);
    world.clock.jump(ms);
    // The next look comes before the next sign of life.
    await world.clock.advance(5_000);
    await world.settle();
    expect([readyOf('n1'), readyOf('n2'), world.get(core.pods, 'runs').status?.conditions?.[0]?.status]).toEqual(['True', 'True', 'True']);
    await pass(30);
    alive.delete('n1');
    await pass(50);
    expect(readyOf('n1')).toBe('Unknown NodeStatusUnknown Kubelet stopped posting node status.');
    expect(readyOf('n2')).toBe('True');
  });

  it('that fall silent become unknown, are tainted, and lose their pods after these have waited', async () => {
    for (const name of ['n1', 'n2']) addNode(name);
    addPod('waits', 'n1', fiveMinutes);
    addPod('stays', 'n1', [{ operator: 'Exists' }]);
    addPod('elsewhere', 'n2');
    await world.run(nodeLifecycleController, taintEvictionController);
    await pass(60);
    expect(readyOf('n1')).toBe('True');
    alive.delete('n1');
    await pass(50);
    expect(readyOf('n1')).toBe('Unknown NodeStatusUnknown Kubelet stopped posting node status.');
    expect(readyOf('n2')).toBe('True');
    expect(taintsOf('n1')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
    expect(world.get(core.pods, 'waits').status?.conditions?.[0]?.status).toBe('False');
    expect(world.eventsOf('n1')).toEqual(['RegisteredNode: Node n1 event: Registered Node n1 in Controller', 'NodeNotReady: Node n1 status is now: NodeNotReady']);
    await pass(280);
    expect(world.get(core.pods, 'waits').metadata.deletionTimestamp).toBeUndefined();
    await pass(30);
    const evicted = world.get(core.pods, 'waits');
    expect(evicted.metadata.deletionTimestamp).toBeDefined();
    expect(evicted.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({ status: 'True', reason: 'DeletionByTaintManager' });
    expect(world.eventsOf('waits')).toContain('TaintManagerEviction: Marking for deletion Pod default/waits');
    for (const name of ['stays', 'elsewhere']) expect(world.get(core.pods, name).metadata.deletionTimestamp).toBeUndefined();
  });

  it('that say themselves that they are not ready keep their pods as they are, until they fall silent', async () => {
    for (const name of ['n1', 'n2']) addNode(name);
    addPod('runs', 'n1', fiveMinutes);
    await world.run(nodeLifecycleController);
    await pass(10);
    world.change(core.nodes, 'n1', (node) => (node.status!.conditions = [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady' }]), 'status');
    await pass(10);
    const isReady = (): string | undefined => world.get(core.pods, 'runs').status?.conditions?.[0]?.status;
    expect([taintsOf('n1'), isReady()]).toEqual([['not-ready:NoSchedule', 'not-ready:NoExecute'], 'True']);
    alive.delete('n1');
    await pass(50);
    expect([readyOf('n1').split(' ')[0], isReady()]).toEqual(['Unknown', 'False']);
    // The kubelet has told of that.
    expect(world.eventsOf('n1')).not.toContain('NodeNotReady: Node n1 status is now: NodeNotReady');
  });

  it('that had fallen silent before this controller came have their pods marked, once', async () => {
    for (const name of ['n1', 'n2']) addNode(name);
    const node = world.get(core.nodes, 'n1');
    world.api.update(core.nodes, '', 'n1', 'status', { ...node, status: { conditions: [{ type: 'Ready', status: 'False' }] } } as never);
    const pod = addPod('left', 'n1', fiveMinutes);
    await world.run(nodeLifecycleController);
    await pass(5);
    const isReady = (): string | undefined => world.get(core.pods, 'left').status?.conditions?.[0]?.status;
    expect(isReady()).toBe('False');
    expect(world.eventsOf('n1')).not.toContain('NodeNotReady: Node n1 status is now: NodeNotReady');
    // A kubelet that still speaks has the last word.
    world.api.update(core.pods, 'default', 'left', 'status', { ...world.get(core.pods, 'left'), status: pod.status } as never);
    await pass(30);
    expect(isReady()).toBe('True');
  });

  it('that come back in time keep their pods', async () => {
    for (const name of ['n1', 'n2']) addNode(name);
    addPod('waits', 'n1', fiveMinutes);
    await world.run(nodeLifecycleController, taintEvictionController);
    alive.delete('n1');
    await pass(100);
    expect(taintsOf('n1')).toContain('unreachable:NoExecute');
    alive.add('n1');
    world.change(core.nodes, 'n1', (node) => (node.status!.conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: formatTime(world.clock.now()) }]), 'status');
    await pass(400);
    expect(taintsOf('n1')).toEqual([]);
    expect(world.get(core.pods, 'waits').metadata.deletionTimestamp).toBeUndefined();
    expect(world.eventsOf('waits')).toContain('TaintManagerEviction: Cancelling deletion of Pod default/waits');
  });

  it('that somebody taints lose their pods after these have waited, counted anew after a taint that was taken back', async () => {
    addNode('n1');
    // As kubectl writes it: it does not say since when.
    const taint = (taints: corev1.Taint[]): void => world.change(core.nodes, 'n1', (node) => (node.spec = { ...node.spec, taints }));
    const maintenance: corev1.Taint = { key: 'maintenance', value: 'soon', effect: 'NoExecute' };
    addPod('waits', 'n1', [{ key: 'maintenance', operator: 'Equal', value: 'soon', effect: 'NoExecute', tolerationSeconds: 60 }]);
    addPod('goes', 'n1');
    await world.run(nodeLifecycleController, taintEvictionController);
    const leaving = (name: string): boolean => world.get(core.pods, name).metadata.deletionTimestamp !== undefined;
    taint([maintenance]);
    await pass(40);
    expect([leaving('goes'), leaving('waits')]).toEqual([true, false]);
    taint([]);
    await pass(60);
    expect(leaving('waits')).toBe(false);
    taint([maintenance]);
    await pass(50);
    expect(leaving('waits')).toBe(false);
    await pass(20);
    expect(leaving('waits')).toBe(true);
  });

  it('are not blamed for a silence that is the apiserver\'s', async () => {
    for (const name of ['n1', 'n2']) addNode(name);
    await world.run(nodeLifecycleController);
    await pass(20);
    world.transport.down = true;
    world.transport.cut();
    await world.clock.advance(300_000);
    world.transport.down = false;
    await pass(60);
    expect([readyOf('n1'), readyOf('n2')]).toEqual(['True', 'True']);
    expect(world.all(core.nodes).every(({ spec }) => (spec?.taints ?? []).length === 0)).toBe(true);
  });

  it('are not emptied when all fall silent at once', async () => {
    for (const name of ['n1', 'n2', 'n3']) addNode(name);
    addPod('p', 'n1');
    await world.run(nodeLifecycleController, taintEvictionController);
    alive.clear();
    await pass(400);
    expect(readyOf('n1')).toContain('Unknown');
    expect(taintsOf('n1')).toEqual(['unreachable:NoSchedule']);
    expect(world.get(core.pods, 'p').metadata.deletionTimestamp).toBeUndefined();
  });

  it('whose Lease was renewed after all, unheard, are left alone', async () => {
    addNode('n1');
    await world.run(nodeLifecycleController);
    await pass(10);
    world.transport.paused = true;
    await pass(100);
    expect(readyOf('n1')).toBe('True');
    world.transport.resume();
  });

  it('carry the labels of old', async () => {
    addNode('n1');
    await world.run(nodeLifecycleController);
    expect(world.get(core.nodes, 'n1').metadata.labels).toEqual({ 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'linux' });
  });
});
