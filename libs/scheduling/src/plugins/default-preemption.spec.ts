import type { corev1, policyv1 } from '@navarch/api';
import type { NodeRefusal } from '../cycle/diagnosis';
import { askNode } from '../cycle/search-nodes';
import { schedulePod } from '../cycle/schedule-pod';
import type { PostFilterResult } from '../framework';
import { defaultProfile } from '../plugin-registry';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import { podInfo } from '../state/pod-info';
import { asking, cluster, node, pod } from '../testing/test-cluster';
import { defaultPreemption } from './default-preemption';

const profile = defaultProfile();
const low = (name: string, nodeName: string, cpu: string, { priority = 1, labels = {}, startTime = '2026-01-01T00:00:00Z' }: { priority?: number; labels?: Record<string, string>; startTime?: string } = {}): corev1.Pod =>
  pod({ ...asking({ cpu }), nodeName, priority }, { name, uid: name, labels }, { startTime });
const high = (cpu: string, spec: Partial<corev1.PodSpec> = {}, status: corev1.PodStatus = {}): corev1.Pod => pod({ ...asking({ cpu }), priority: 10, ...spec }, {}, status);
const budget = (disruptionsAllowed: number): policyv1.PodDisruptionBudget => ({ metadata: { name: 'b', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'db' } } }, status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 } });

function preempt(candidate: corev1.Pod, state: ClusterState): PostFilterResult {
  const info = podInfo(candidate);
  const placement = schedulePod(info, state, { profile, startIndex: 0, random: () => 0 });
  if (placement.kind === 'placed') throw new Error('the pod has a node');
  return defaultPreemption().postFilter?.(info, state, { diagnosis: placement.diagnosis, ask: (where) => askNode(info, state, profile, where), random: () => 0 }) as PostFilterResult;
}

const chosen = (result: PostFilterResult): [string, string[]] | undefined => result.nominated && [result.nominated.node, result.nominated.victims.map(({ name }) => name)];

describe('DefaultPreemption', () => {
  it.each<[string, corev1.Pod, (corev1.Node | corev1.Pod)[], [string, string[]]]>([
    ['takes as few as it needs, the least important', high('2'), [node('a'), low('x', 'a', '2', { priority: 2 }), low('y', 'a', '2', { priority: 1 })], ['a', ['y']]],
    ['spares the elder of equals', high('2'), [node('a'), low('elder', 'a', '2', { startTime: '2026-01-01T00:00:00Z' }), low('younger', 'a', '2', { startTime: '2026-02-01T00:00:00Z' })], ['a', ['younger']]],
    ['goes where the most important victim is least important', high('4'), [node('a'), node('b'), low('x', 'a', '4', { priority: 5 }), low('y', 'b', '4', { priority: 3 })], ['b', ['y']]],
    ['goes where fewer go', high('4'), [node('a'), node('b'), low('x1', 'a', '2'), low('x2', 'a', '2'), low('y', 'b', '4')], ['b', ['y']]],
    ['goes where the victims started last', high('4'), [node('a'), node('b'), low('x', 'a', '4', { startTime: '2026-01-01T00:00:00Z' }), low('y', 'b', '4', { startTime: '2026-03-01T00:00:00Z' })], ['b', ['y']]],
    ['leaves equals alone', high('4'), [node('a'), node('b'), low('x', 'a', '4', { priority: 10 }), low('y', 'b', '4')], ['b', ['y']]],
    ['makes way for anti-affinity too', high('1', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } }] } } }), [node('a'), low('x', 'a', '1', { labels: { app: 'db' } }), low('y', 'a', '1')], ['a', ['x']]],
  ])('%s', (_name, candidate, members, expected) => {
    const state = cluster(members);
    expect(chosen(preempt(candidate, state))).toEqual(expected);
    // Trying leaves no trace.
    expect(state.placedPods).toBe(members.filter((member) => 'containers' in (member.spec ?? {})).length);
    expect(chosen(preempt(candidate, state))).toEqual(expected);
  });

  it('takes a claim for one pod from the less important, on whatever node that is', () => {
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }];
    const claims = [{ metadata: { name: 'c', namespace: 'default', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { volumeName: 'pv', accessModes: ['ReadWriteOncePod'] }, status: { phase: 'Bound' } }];
    const holder = pod({ volumes, nodeName: 'b', priority: 1 }, { name: 'holder', uid: 'holder' });
    const state = cluster([node('a'), node('b'), holder], { claims, volumes: [{ metadata: { name: 'pv' }, spec: {} }] });
    expect(chosen(preempt(pod({ volumes, priority: 10 }), state))).toEqual(['b', ['holder']]);
    expect(preempt(pod({ volumes, priority: 1 }), state).nominated).toBeUndefined();
  });

  it('spares who is protected by a budget, if that is possible', () => {
    const members = [node('a'), low('protected', 'a', '2', { priority: 1, labels: { app: 'db' } }), low('other', 'a', '2', { priority: 5 })];
    expect(chosen(preempt(high('2'), cluster(members, { budgets: [budget(0)] })))).toEqual(['a', ['other']]);
    expect(chosen(preempt(high('2'), cluster(members, { budgets: [budget(1)] })))).toEqual(['a', ['protected']]);
    expect(chosen(preempt(high('4'), cluster(members, { budgets: [budget(0)] })))).toEqual(['a', ['other', 'protected']]);
  });

  it.each<[string, corev1.Pod, (corev1.Node | corev1.Pod)[], string]>([
    ['a pod that must not', high('2', { preemptionPolicy: 'Never' }), [node('a', { allocatable: { cpu: '1' } })], 'preemption: not eligible due to preemptionPolicy=Never.'],
    ['nodes where it does not help', high('8'), [node('a'), node('b'), low('x', 'b', '4')], 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'],
    ['nodes without less important pods', high('2'), [node('a'), low('x', 'a', '4', { priority: 10 })], 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.'],
    ['nodes where their removal is not enough', high('4'), [node('a'), low('x', 'a', '1', { priority: 20 }), low('y', 'a', '3')], 'preemption: 0/1 nodes are available: 1 Insufficient cpu.'],
    ['victims on their way out', high('4', {}, { nominatedNodeName: 'a' }), [node('a'), pod({ ...asking({ cpu: '4' }), nodeName: 'a' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }, { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] })], 'preemption: not eligible due to a terminating pod on the nominated node.'],
  ])('says why not: %s', (_name, candidate, members, expected) => {
    expect(preempt(candidate, cluster(members)).message).toBe(expected);
  });

  it('looks at no nodes but those that were found wanting', () => {
    const state = cluster([node('a'), node('b'), low('x', 'a', '4', { priority: 5 }), low('y', 'b', '4', { priority: 1 })]);
    const info = podInfo(high('4'));
    const ask = (where: NodeInfo): NodeRefusal | undefined => askNode(info, state, profile, where);
    const after = (...refusals: NodeRefusal[]): PostFilterResult | undefined => defaultPreemption().postFilter?.(info, state, { diagnosis: { nodes: 2, refusals, refusedBy: ['Extender'] }, ask, random: () => 0 });
    const refused: NodeRefusal = { node: 'a', plugin: 'Extender', reasons: ['on fire'], unresolvable: false };
    expect(after(refused)?.nominated?.node).toBe('a');
    expect(after({ ...refused, unresolvable: true })?.message).toBe('preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.');
  });

  it('keeps room for the nominated from the less important, not from the more important', () => {
    const state = cluster([node('a')]);
    state.nominations.set(podInfo(high('3')), 'a');
    const place = (priority: number): string => schedulePod(podInfo(pod({ ...asking({ cpu: '2' }), priority })), state, { profile, startIndex: 0, random: () => 0 }).kind;
    expect([place(1), place(20)]).toEqual(['refused', 'placed']);
  });
});
