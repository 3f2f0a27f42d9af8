import type { corev1 } from '@navarch/api';
import type { ClusterEvent } from '../framework';
import { podInfo } from '../state/pod-info';
import { cluster, node, only, placed, pod, scores } from '../testing/test-cluster';
import { interPodAffinity } from './inter-pod-affinity';

const host = 'kubernetes.io/hostname';
const near = (labels: Record<string, string>, more: Partial<corev1.PodAffinityTerm> = {}): corev1.PodAffinityTerm => ({ topologyKey: host, labelSelector: { matchLabels: labels }, ...more });
const together = (...terms: corev1.PodAffinityTerm[]): Partial<corev1.PodSpec> => ({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const apart = (...terms: corev1.PodAffinityTerm[]): Partial<corev1.PodSpec> => ({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const on = (nodeName: string, labels: Record<string, string>, spec: Partial<corev1.PodSpec> = {}, namespace = 'default'): corev1.Pod => pod({ nodeName, ...spec }, { labels, namespace });
const profile = only(interPodAffinity());
const [a, b] = [node('a'), node('b')];

describe('InterPodAffinity', () => {
  it.each<[string, corev1.Pod, (corev1.Node | corev1.Pod)[], string]>([
    ['goes where its company is', pod(together(near({ app: 'db' }))), [a, b, on('b', { app: 'db' })], 'b'],
    ['needs one pod that all terms select', pod(together(near({ app: 'db' }), near({ tier: 'x' }))), [a, on('a', { app: 'db' }), on('a', { tier: 'x' })], "0/1 nodes are available: 1 node(s) didn't match pod affinity rules."],
    ['starts a group of its own kind', pod(together(near({ app: 'db' })), { labels: { app: 'db' } }), [a], 'a'],
    ['does not look into other namespaces', pod(together(near({ app: 'db' }))), [a, on('a', { app: 'db' }, {}, 'other')], "0/1 nodes are available: 1 node(s) didn't match pod affinity rules."],
    ['looks into those that it names', pod(together(near({ app: 'db' }, { namespaces: ['other'] }))), [a, b, on('b', { app: 'db' }, {}, 'other')], 'b'],
    ['keeps apart', pod(apart(near({ app: 'db' }))), [a, b, on('a', { app: 'db' })], 'b'],
    ['names what keeps it away', pod(apart(near({ app: 'db' }))), [a, on('a', { app: 'db' })], "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."],
    ['respects those who are there: it is symmetric', pod({}, { labels: { app: 'web' } }), [a, on('a', {}, apart(near({ app: 'web' })))], "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules."],
    ['with keys that must be equal', pod(apart(near({ app: 'db' }, { matchLabelKeys: ['v'] })), { labels: { v: '2' } }), [a, b, on('a', { app: 'db', v: '2' }), on('b', { app: 'db', v: '1' })], 'b'],
    ['with keys that must differ', pod(apart(near({ app: 'db' }, { mismatchLabelKeys: ['v'] })), { labels: { v: '2' } }), [a, b, on('b', { app: 'db', v: '2' }), on('a', { app: 'db', v: '1' })], 'b'],
  ])('%s', (_name, candidate, members, expected) => {
    expect(placed(candidate, cluster(members), profile)).toBe(expected);
  });

  it('selects namespaces by their labels, as they are now', () => {
    const candidate = pod(together(near({ app: 'db' }, { namespaceSelector: { matchLabels: { team: 'x' } } })));
    const state = cluster([a, b, on('b', { app: 'db' }, {}, 'other')]);
    expect(placed(candidate, state, profile)).toContain('pod affinity rules');
    state.setNamespace({ metadata: { name: 'other', labels: { team: 'x' } } });
    expect(placed(candidate, state, profile)).toBe('b');
    state.setNamespace({ metadata: { name: 'other', labels: {} } });
    expect(placed(candidate, state, profile)).toContain('pod affinity rules');
  });

  it('scores by weights, its own and those of the pods that are there', () => {
    const prefers = (kind: 'podAffinity' | 'podAntiAffinity', weight: number): Partial<corev1.PodSpec> => ({ affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: near({ app: 'db' }) }] } } });
    const state = cluster([a, b, node('c'), on('a', { app: 'db' }), on('b', {}, prefers('podAntiAffinity', 5))]);
    // a: +10 by its own wish, b: -5 by another's, c: 0. Between -5 and 10 that is 100, 0 and 33.
    expect(scores(pod(prefers('podAffinity', 10), { labels: { app: 'db' } }), state, interPodAffinity())).toEqual({ a: 100, b: 0, c: 33 });
    expect(scores(pod({}, { labels: { app: 'db' } }), state, interPodAffinity({ ignorePreferredTermsOfExistingPods: true }))).toEqual({});
    // Who prefers something itself is asked for what others prefer, too.
    expect(scores(pod(prefers('podAffinity', 10), { labels: { app: 'db' } }), state, interPodAffinity({ ignorePreferredTermsOfExistingPods: true }))).toEqual({ a: 100, b: 0, c: 33 });
  });

  it('cuts off the fraction that division leaves, as floating point has it', () => {
    const prefers = (weight: number, labels: Record<string, string>): corev1.WeightedPodAffinityTerm => ({ weight, podAffinityTerm: near(labels) });
    const state = cluster([a, b, node('c'), on('a', { app: 'db' }), on('b', { app: 'web' })]);
    const candidate = pod({ affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefers(100, { app: 'db' }), prefers(29, { app: 'web' })] } } });
    expect(scores(candidate, state, interPodAffinity())).toEqual({ a: 100, b: 28, c: 0 });
  });

  it('counts the required affinity of those who are there with its weight', () => {
    const state = cluster([a, b, on('b', { app: 'db' }, together(near({ app: 'db' })))]);
    expect(scores(pod({}, { labels: { app: 'db' } }), state, interPodAffinity({ hardPodAffinityWeight: 2 }))).toEqual({ a: 0, b: 100 });
    expect(scores(pod({}, { labels: { app: 'db' } }), state, interPodAffinity({ hardPodAffinityWeight: 0 }))).toEqual({ a: 0, b: 0 });
  });
});

describe('what helps a pod that InterPodAffinity refused', () => {
  const zone = 'zone';
  const nearBoth = together(near({ app: 'db' }), near({ tier: 'x' }));
  const awayFrom = (labels: Record<string, string>): Partial<corev1.PodSpec> => apart(near(labels, { topologyKey: zone }));
  const wants = together(near({ app: 'db' }, { topologyKey: zone }));
  const inZone = (value: string, labels: Record<string, string> = {}): corev1.Node => node('n', { labels: { [zone]: value, ...labels } });
  it.each<[string, Partial<corev1.PodSpec>, ClusterEvent, boolean]>([
    ['a pod that is all that it wants', nearBoth, { name: 'AssignedPodAdd', after: on('a', { app: 'db', tier: 'x' }) }, true],
    ['a pod that is a part of what it wants', nearBoth, { name: 'AssignedPodAdd', after: on('a', { app: 'db' }) }, false],
    ['a pod that becomes what it wants', wants, { name: 'AssignedPodUpdatePodLabel', before: on('a', {}), after: on('a', { app: 'db' }) }, true],
    ['a pod that stays what it wants', wants, { name: 'AssignedPodUpdatePodLabel', before: on('a', { app: 'db' }), after: on('a', { app: 'db', x: '1' }) }, false],
    ['a pod that is not any more what it avoids', awayFrom({ app: 'db' }), { name: 'AssignedPodUpdatePodLabel', before: on('a', { app: 'db' }), after: on('a', {}) }, true],
    ['a pod that becomes what it avoids', awayFrom({ app: 'db' }), { name: 'AssignedPodUpdatePodLabel', before: on('a', {}), after: on('a', { app: 'db' }) }, false],
    ['a pod that goes and avoided it', {}, { name: 'AssignedPodDelete', before: on('a', {}, apart(near({ me: '1' }))) }, true],
    ['a pod that goes and had nothing against it', {}, { name: 'AssignedPodDelete', before: on('a', {}, apart(near({ me: '2' }))) }, false],
    ['a new node with the key of what it wants', wants, { name: 'NodeAdd', after: inZone('1') }, true],
    ['a new node without it', wants, { name: 'NodeAdd', after: node('n') }, false],
    ['a node that moves', wants, { name: 'NodeUpdateNodeLabel', before: inZone('1'), after: inZone('2') }, true],
    ['a node that stays and has another label', wants, { name: 'NodeUpdateNodeLabel', before: inZone('1'), after: inZone('1', { x: '1' }) }, false],
    ['any new node, for one that avoids', awayFrom({ app: 'db' }), { name: 'NodeAdd', after: node('n') }, true],
    ['a node that leaves the domain that it avoids', awayFrom({ app: 'db' }), { name: 'NodeUpdateNodeLabel', before: inZone('1'), after: node('n') }, true],
    ['a node that enters one', awayFrom({ app: 'db' }), { name: 'NodeUpdateNodeLabel', before: node('n'), after: inZone('1') }, false],
    ['any node, for one that others avoid', {}, { name: 'NodeUpdateNodeLabel', before: inZone('1'), after: inZone('2') }, true],
  ])('%s', (_name, spec, event, expected) => {
    expect(interPodAffinity().hints?.[event.name]?.(podInfo(pod(spec, { labels: { me: '1' } })), event, cluster([]))).toBe(expected);
  });
});
