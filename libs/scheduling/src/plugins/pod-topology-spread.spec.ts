import type { corev1 } from '@navarch/api';
import type { ClusterEvent } from '../framework';
import { podInfo } from '../state/pod-info';
import { cluster, node, only, placed, pod, scores } from '../testing/test-cluster';
import { podTopologySpread } from './pod-topology-spread';
import { taintToleration } from './taint-toleration';

const zone = 'topology.kubernetes.io/zone';
const inZone = (name: string, where: string, spec: corev1.NodeSpec = {}): corev1.Node => node(name, { labels: { [zone]: where }, spec });
const app = (nodeName?: string, labels: Record<string, string> = {}): corev1.Pod => pod(nodeName === undefined ? {} : { nodeName }, { labels: { app: 'x', ...labels } });
const constraint = (more: Partial<corev1.TopologySpreadConstraint> = {}): corev1.TopologySpreadConstraint => ({ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'x' } }, ...more });
const spread = (more: Partial<corev1.TopologySpreadConstraint> = {}, spec: Partial<corev1.PodSpec> = {}): corev1.Pod => pod({ topologySpreadConstraints: [constraint(more)], ...spec }, { labels: { app: 'x', version: '2' } });
const profile = only(podTopologySpread());
const refusal = "node(s) didn't match pod topology spread constraints";

describe('PodTopologySpread', () => {
  it.each<[string, corev1.Pod, (corev1.Node | corev1.Pod)[], string]>([
    ['keeps the skew', spread(), [inZone('a', '1'), inZone('b', '2'), app('a')], 'b'],
    ['refuses nodes without the label, for good', spread(), [node('a')], `0/1 nodes are available: 1 ${refusal} (missing required label).`],
    ['does not count pods on their way out', spread(), [inZone('a', '1'), inZone('b', '2'), pod({ nodeName: 'a' }, { labels: { app: 'x' }, deletionTimestamp: '2026-01-01T00:00:00Z' }), app('b')], 'a'],
    ['counts zero while there are too few domains', spread({ minDomains: 3 }), [inZone('a', '1'), inZone('b', '2'), app('a'), app('b')], `0/2 nodes are available: 2 ${refusal}.`],
    ['leaves out nodes that the pod cannot be on', spread({}, { nodeSelector: { [zone]: '1' } }), [inZone('a', '1'), inZone('b', '2'), app('a')], 'a'],
    ['counts them where it is told to', spread({ nodeAffinityPolicy: 'Ignore' }, { nodeSelector: { 'kubernetes.io/hostname': 'a' } }), [inZone('a', '1'), inZone('b', '2'), app('a'), app('b')], 'a'],
    ['counts tainted nodes', spread(), [inZone('a', '1'), inZone('b', '2', { taints: [{ key: 'k', effect: 'NoSchedule' }] }), app('a')], 'b'],
    ['leaves tainted nodes out where it is told to', spread({ nodeTaintsPolicy: 'Honor' }), [inZone('a', '1'), inZone('b', '2', { taints: [{ key: 'k', effect: 'NoSchedule' }] }), app('a'), app('a')], 'a'],
    ['compares only pods with the same values of the keys', spread({ matchLabelKeys: ['version'] }), [inZone('a', '1'), inZone('b', '2'), app('a', { version: '1' }), app('b', { version: '2' })], 'a'],
    ['does not count other namespaces', spread(), [inZone('a', '1'), inZone('b', '2'), pod({ nodeName: 'b' }, { namespace: 'other', labels: { app: 'x' } }), app('b')], 'a'],
  ])('%s', (_name, candidate, members, expected) => {
    // The first of equals is taken; where that proves nothing the other is fuller.
    expect(placed(candidate, cluster(members), profile)).toBe(expected);
  });

  it('follows a node into another domain', () => {
    const state = cluster([inZone('a', '1'), inZone('b', '2'), app('a')]);
    expect(placed(spread(), state, profile)).toBe('b');
    state.setNode(inZone('a', '2'));
    state.setNode(inZone('b', '1'));
    expect(placed(spread(), state, profile)).toBe('b');
    state.setPod(app('b'));
    state.setPod(app('b'));
    expect(placed(spread(), state, profile)).toBe('a');
    state.removeNode('a');
    expect(placed(spread(), state, profile)).toBe('b');
  });

  it('scores the emptier domain higher', () => {
    // Two zones, weight ln(4): 2 pods and none are 2·1.386 and 0, rounded 3 and 0; the fullest gets 100·(3+0-3)/3.
    const state = cluster([inZone('a', '1'), inZone('b', '2'), app('a'), app('a')]);
    expect(scores(spread({ whenUnsatisfiable: 'ScheduleAnyway' }), state, podTopologySpread())).toEqual({ a: 0, b: 100 });
  });

  it('spreads the pods of a Service, and by a list of defaults', () => {
    const service: corev1.Service = { metadata: { name: 's', namespace: 'default' }, spec: { selector: { app: 'x' } } };
    const state = cluster([inZone('a', '1'), inZone('b', '2'), app('a')], { services: [service] });
    expect(scores(app(), state, podTopologySpread())).toEqual({ a: 66, b: 100 });
    const listed = podTopologySpread({ defaultingType: 'List', defaultConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule' }] });
    expect(placed(app(), state, only(listed))).toBe('b');
    expect(scores(pod(), state, podTopologySpread())).toEqual({});
    // Of three nodes one is in no zone: that counts as a third domain, ln(5). With 3 pods, 3·1.609+2 by host and 3·1.609+4 by zone are 16; b 6, c 2.
    expect(scores(app(), cluster([inZone('a', '1'), inZone('b', '2'), node('c'), app('a'), app('a'), app('a')], { services: [service] }), podTopologySpread())).toEqual({ a: 12, b: 75, c: 100 });
    const withDomains = (minDomains: number) => podTopologySpread({ defaultingType: 'List', defaultConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', minDomains, nodeTaintsPolicy: 'Honor' }] });
    const tainted = inZone('c', '3', { taints: [{ key: 'k', effect: 'NoSchedule' }] });
    const full = cluster([inZone('a', '1'), inZone('b', '2'), tainted, app('a'), app('b')], { services: [service] });
    expect(placed(app(), full, only(withDomains(2), taintToleration))).toBe('a');
    expect(placed(app(), full, only(withDomains(3), taintToleration))).toBe(`0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 ${refusal}.`);
  });
});

describe('what helps a pod that PodTopologySpread refused', () => {
  const host = 'kubernetes.io/hostname';
  const both = pod({ topologySpreadConstraints: [constraint(), constraint({ topologyKey: host })] }, { labels: { app: 'x' } });
  it.each<[string, corev1.Pod, ClusterEvent, boolean]>([
    ['a pod that counts', spread(), { name: 'AssignedPodAdd', after: app('a') }, true],
    ['a pod that does not', spread(), { name: 'AssignedPodAdd', after: pod({ nodeName: 'a' }) }, false],
    ['a pod that counts from now on', spread(), { name: 'AssignedPodUpdatePodLabel', before: pod({ nodeName: 'a' }), after: app('a') }, true],
    ['a pod that counts as before', spread(), { name: 'AssignedPodUpdatePodLabel', before: app('a'), after: app('a', { y: '1' }) }, false],
    ['a pod that counted and went', spread(), { name: 'AssignedPodDelete', before: app('a') }, true],
    ['a new node with all keys', both, { name: 'NodeAdd', after: inZone('a', '1') }, true],
    ['a new node without one of them', both, { name: 'NodeAdd', after: node('a') }, false],
    ['a node that went', both, { name: 'NodeDelete', before: inZone('a', '1') }, true],
    ['a node that loses a key', both, { name: 'NodeUpdateNodeLabel', before: inZone('a', '1'), after: node('a') }, true],
    ['a node that moves', both, { name: 'NodeUpdateNodeLabel', before: inZone('a', '1'), after: inZone('a', '2') }, true],
    ['a node that stays', both, { name: 'NodeUpdateNodeLabel', before: inZone('a', '1'), after: inZone('a', '1') }, false],
    ['other taints of a node that takes part', spread(), { name: 'NodeUpdateNodeTaint', before: inZone('a', '1'), after: inZone('a', '1') }, true],
    ['other taints of one that does not', spread(), { name: 'NodeUpdateNodeTaint', before: node('a'), after: node('a') }, false],
    ['a toleration, where taints matter', spread({ nodeTaintsPolicy: 'Honor' }), { name: 'PodUpdatePodToleration' }, true],
    ['a toleration, where they do not', spread(), { name: 'PodUpdatePodToleration' }, false],
  ])('%s', (_name, candidate, event, expected) => {
    expect(podTopologySpread().hints?.[event.name]?.(podInfo(candidate), event, cluster([]))).toBe(expected);
  });
});
