import type { corev1 } from '@navarch/api';
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

  it('counts the required affinity of those who are there with its weight', () => {
    const state = cluster([a, b, on('b', { app: 'db' }, together(near({ app: 'db' })))]);
    expect(scores(pod({}, { labels: { app: 'db' } }), state, interPodAffinity({ hardPodAffinityWeight: 2 }))).toEqual({ a: 0, b: 100 });
    expect(scores(pod({}, { labels: { app: 'db' } }), state, interPodAffinity({ hardPodAffinityWeight: 0 }))).toEqual({ a: 0, b: 0 });
  });
});
