import type { corev1 } from '@navarch/api';
import type { SchedulerPlugin } from '../framework';
import { defaultProfile } from '../plugin-registry';
import { ClusterState } from '../state/cluster-state';
import { podInfo } from '../state/pod-info';
import { fitMessage } from './diagnosis';
import { schedulePod, type Placement } from './schedule-pod';
import { feasibleNodesToFind } from './search-nodes';

let serial = 0;
const node = (name: string, over: { labels?: Record<string, string>; spec?: corev1.NodeSpec; cpu?: string; memory?: string; pods?: string } = {}): corev1.Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...over.labels } },
  spec: over.spec ?? {},
  status: { allocatable: { cpu: over.cpu ?? '2', memory: over.memory ?? '4Gi', pods: over.pods ?? '110' } },
});
const pod = (spec: Partial<corev1.PodSpec> = {}, metadata: corev1.Pod['metadata'] = {}): corev1.Pod => {
  serial += 1;
  return { metadata: { name: `p${serial}`, namespace: 'default', uid: `u${serial}`, ...metadata }, spec: { containers: [{ name: 'c', image: 'x' }], ...spec } };
};
const asking = (cpu: string, memory = '1Mi'): Partial<corev1.PodSpec> => ({ containers: [{ name: 'c', image: 'x', resources: { requests: { cpu, memory } } }] });

function cluster(nodes: corev1.Node[], pods: corev1.Pod[] = []): ClusterState {
  const state = new ClusterState();
  for (const entry of nodes) state.setNode(entry);
  for (const entry of pods) state.setPod(entry);
  return state;
}
const profile = defaultProfile();
const schedule = (candidate: corev1.Pod, state: ClusterState): Placement => schedulePod(podInfo(candidate), state, { profile, startIndex: 0, random: () => 0.99 });
const placedOn = (placement: Placement): string => (placement.kind === 'placed' ? placement.node : fitMessage(placement.diagnosis));
const on = (nodeName: string, entry: corev1.Pod): corev1.Pod => ({ ...entry, spec: { ...(entry.spec as corev1.PodSpec), nodeName } });

describe('schedulePod', () => {
  it.each<[string, corev1.Pod, corev1.Node[], corev1.Pod[], string]>([
    ['says when there are no nodes', pod(), [], [], 'no nodes available to schedule pods'],
    ['never over-commits requests', pod(asking('1500m')), [node('a'), node('b')], [on('a', pod(asking('1'))), on('b', pod(asking('1')))], '0/2 nodes are available: 2 Insufficient cpu.'],
    ['counts every reason of a node', pod(asking('4', '8Gi')), [node('a')], [], '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.'],
    ['counts pods', pod(), [node('a', { pods: '1' })], [on('a', pod())], '0/1 nodes are available: 1 Too many pods.'],
    ['takes the hungriest init container into account', pod({ ...asking('100m'), initContainers: [{ name: 'i', image: 'x', resources: { requests: { cpu: '3' } } }] }), [node('a')], [], '0/1 nodes are available: 1 Insufficient cpu.'],
    ['ignores pods that have ended', pod(asking('2')), [node('a')], [{ ...on('a', pod(asking('2'))), status: { phase: 'Succeeded' } }], 'a'],
    ['follows nodeSelector', pod({ nodeSelector: { disk: 'ssd' } }), [node('a'), node('b', { labels: { disk: 'ssd' } })], [], 'b'],
    ['names an unmatched selector', pod({ nodeSelector: { disk: 'ssd' } }), [node('a')], [], "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."],
    ['avoids cordoned nodes', pod(), [node('a', { spec: { unschedulable: true } })], [], '0/1 nodes are available: 1 node(s) were unschedulable.'],
    ['avoids taints', pod(), [node('a', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } })], [], '0/1 nodes are available: 1 node(s) had untolerated taint(s).'],
    ['tolerates taints', pod({ tolerations: [{ key: 'k', operator: 'Exists' }] }), [node('a', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } })], [], 'a'],
    ['prefers nodes without PreferNoSchedule', pod(), [node('a', { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } }), node('b')], [], 'b'],
    ['gives a host port once', pod({ containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] }), [node('a')], [on('a', pod({ containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] }))], "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."],
    ['likes the emptier node', pod(asking('100m')), [node('a'), node('b')], [on('a', pod(asking('1')))], 'b'],
    ['keeps apart what must be apart', pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } }] } } }), [node('a'), node('b')], [on('a', pod({}, { labels: { app: 'db' } }))], 'b'],
    ['brings together what must be together', pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } }] } } }), [node('a'), node('b')], [on('b', pod({}, { labels: { app: 'db' } }))], 'b'],
    ['names missing company', pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } }] } } }), [node('a')], [], "0/1 nodes are available: 1 node(s) didn't match pod affinity rules."],
    ['respects the anti-affinity of those already there', pod({}, { labels: { app: 'web' } }), [node('a')], [on('a', pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } }] } } }))], "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules."],
  ])('%s', (_name, candidate, nodes, pods, expected) => {
    expect(placedOn(schedule(candidate, cluster(nodes, pods)))).toBe(expected);
  });

  it('spreads the pods of one controller', () => {
    const owned = (): corev1.Pod => pod(asking('10m'), { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs-1', controller: true }] });
    const state = cluster([node('a'), node('b'), node('c')]);
    const counts = new Map<string, number>();
    for (let index = 0; index < 9; index++) {
      const next = owned();
      const name = placedOn(schedule(next, state));
      counts.set(name, (counts.get(name) ?? 0) + 1);
      state.assume(podInfo(next), name);
    }
    expect([...counts.values()]).toEqual([3, 3, 3]);
  });

  it('holds a DoNotSchedule constraint', () => {
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'x' } } };
    const spread = (): corev1.Pod => pod({ topologySpreadConstraints: [constraint] }, { labels: { app: 'x' } });
    const nodes = [node('a', { labels: { zone: '1' } }), node('b', { labels: { zone: '2' }, cpu: '0' })];
    const state = cluster(nodes, [on('a', spread())]);
    expect(placedOn(schedule(spread(), state))).toBe('b');
    state.setNode(node('b', { labels: { zone: '2' }, spec: { unschedulable: true } }));
    expect(placedOn(schedule(spread(), state))).toBe("0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable.");
  });

  it('takes an assumed pod back when its binding failed, and keeps it when the API confirmed it', () => {
    const state = cluster([node('a')]);
    const first = pod(asking('2'));
    state.assume(podInfo(first), 'a');
    expect(placedOn(schedule(pod(asking('1')), state))).toMatch(/Insufficient cpu/);
    state.forget(first.metadata.uid as string);
    expect(placedOn(schedule(pod(asking('1')), state))).toBe('a');
    state.assume(podInfo(first), 'a');
    state.setPod(on('a', first));
    state.forget(first.metadata.uid as string);
    expect(state.placedPods).toBe(1);
  });

  it('keeps a pod away only while those that want it away are there', () => {
    const hermit = pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } }] } } });
    const web = pod({}, { labels: { app: 'web' } });
    const state = cluster([node('a')], [on('a', hermit)]);
    state.setPod(on('a', hermit)); // seen again
    expect(placedOn(schedule(web, state))).toMatch(/anti-affinity/);
    state.removePod(hermit.metadata.uid as string);
    expect(placedOn(schedule(web, state))).toBe('a');
    state.assume(podInfo(hermit), 'a');
    expect(placedOn(schedule(web, state))).toMatch(/anti-affinity/);
    state.forget(hermit.metadata.uid as string);
    expect(placedOn(schedule(web, state))).toBe('a');
  });

  it('counts extended resources', () => {
    const asks: Partial<corev1.PodSpec> = { containers: [{ name: 'c', image: 'x', resources: { requests: { 'example.com/gpu': '2' } } }] };
    expect(placedOn(schedule(pod(asks), cluster([node('a')])))).toBe('0/1 nodes are available: 1 Insufficient example.com/gpu.');
  });

  const refusing = (name: string, unresolvable: boolean): SchedulerPlugin => ({ name, preFilter: () => ({ refused: `${name} says no`, unresolvable }) });
  const naming = (name: string, ...nodes: string[]): SchedulerPlugin => ({ name, preFilter: () => ({ nodes: new Set(nodes) }) });
  it.each<[string, SchedulerPlugin[], string, string[]]>([
    ['of one that names no node', [naming('x')], "node(s) didn't satisfy plugin x", ['x']],
    ['of two that name different nodes', [naming('y', 'a'), naming('x', 'b')], "node(s) didn't satisfy plugin(s) [x y] simultaneously", ['x', 'y']],
    ['of two that name a node that is not there', [naming('y', 'c'), naming('x', 'c')], "2 node(s) didn't satisfy plugin(s) [x y]", ['x', 'y']],
    ['of one that knows that preemption does not help, though another that does not was asked first', [refusing('x', false), refusing('y', true)], 'y says no', ['y']],
    ['of all that were asked when preemption may help', [naming('x', 'a'), refusing('y', false), naming('z', 'a', 'b')], 'y says no', ['x', 'z', 'y']],
  ])('tells before any node is looked at %s', (_name, plugins, expected, refusedBy) => {
    const placement = schedulePod(podInfo(pod()), cluster([node('a'), node('b')]), { profile: { ...profile, filter: plugins }, startIndex: 0, random: () => 0.99 });
    if (placement.kind === 'placed') throw new Error('it was placed');
    expect(fitMessage(placement.diagnosis)).toBe(`0/2 nodes are available: ${expected}.`);
    expect(placement.diagnosis.refusedBy).toEqual(refusedBy);
  });

  it('takes the first node that will do when no plug-in scores, and each gets its turn', () => {
    const state = cluster([node('a', { spec: { unschedulable: true } }), node('b'), node('c'), node('d')]);
    const unscored = { ...profile, score: [] };
    const from = (startIndex: number): Placement => schedulePod(podInfo(pod()), state, { profile: unscored, startIndex, random: () => 0 });
    expect([0, 2, 3].map(from).map(({ search: { examined, feasible } }) => [examined, feasible.map(({ name }) => name)])).toEqual([[2, ['b']], [1, ['c']], [1, ['d']]]);
    expect(placedOn(from(2))).toBe('c');
  });

  it('searches only a part of large clusters', () => {
    expect([50, 100, 1000, 5000, 10000].map((nodes) => feasibleNodesToFind(nodes))).toEqual([50, 100, 420, 500, 500]);
  });
});
