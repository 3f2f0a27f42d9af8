import type { corev1, networkingv1 } from '@navarch/api';
import { emptyState, filterChange } from './filter-state';
import { policyRules } from './policy-rules';

const pod = (name: string, address: string, over: { namespace?: string; labels?: Record<string, string>; nodeName?: string; hostNetwork?: boolean; phase?: string } = {}): corev1.Pod => ({
  metadata: { name, namespace: over.namespace ?? 'default', labels: over.labels ?? { app: name } },
  spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }], nodeName: over.nodeName ?? 'node-1', ...(over.hostNetwork === undefined ? {} : { hostNetwork: over.hostNetwork }) },
  status: { phase: over.phase ?? 'Running', podIP: address, podIPs: [{ ip: address }] },
});
const namespaces: corev1.Namespace[] = ['default', 'other'].map((name) => ({ metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } }));
const policy = (spec: networkingv1.NetworkPolicySpec, name = 'p'): networkingv1.NetworkPolicy => ({ metadata: { name, namespace: 'default' }, spec: { podSelector: {}, ...spec } });
const web = pod('web', '10.244.0.2');
const client = pod('client', '10.244.1.3', { nodeName: 'node-2' });
const stranger = pod('stranger', '10.244.1.4', { namespace: 'other', nodeName: 'node-2' });
const pods = [web, client, stranger];
const rules = (policies: networkingv1.NetworkPolicy[], of = pods, podRanges: string[] = []): ReturnType<typeof policyRules> => policyRules({ policies, pods: of, namespaces, nodeName: 'node-1', podRanges }, 'ip');
/** The rules of the one policy in a direction. */
const ofPolicy = (state: ReturnType<typeof policyRules>, direction: string): readonly string[] => [...state.chains].find(([name]) => name.startsWith(`policy-${direction}`))?.[1] ?? [];
const setOf = (state: ReturnType<typeof policyRules>, rule = ''): string[] => [...(state.sets.get(/@(\S+)/.exec(rule)?.[1] ?? '')?.elements ?? [])];

describe('policyRules', () => {
  it('isolates only pods of this node that a policy selects, in the directions it names', () => {
    const state = rules([policy({ policyTypes: ['Ingress'] })], [...pods, pod('host', '172.30.1.11', { hostNetwork: true }), pod('done', '10.244.0.9', { phase: 'Succeeded' })]);
    expect([...state.maps.ingress.keys()]).toEqual(['10.244.0.2']);
    expect(state.maps.egress.size).toBe(0);
    expect([...state.chains.values()]).toContainEqual([expect.stringMatching(/^jump policy-ingress-/), 'drop']);
  });

  it('isolates both ways where rules for egress say so without types', () => {
    expect(rules([policy({ egress: [{}] })]).maps.egress.size).toBe(1);
  });

  it('accepts everyone by an empty rule and nobody without one', () => {
    expect(ofPolicy(rules([policy({ policyTypes: ['Ingress'], ingress: [{}] })]), 'ingress')).toEqual(['accept']);
    expect(ofPolicy(rules([policy({ policyTypes: ['Ingress'] })]), 'ingress')).toEqual([]);
  });

  it('means pods of its own namespace, of namespaces by label, or of both', () => {
    const meant = (peer: networkingv1.NetworkPolicyPeer): string[] => {
      const state = rules([policy({ policyTypes: ['Ingress'], ingress: [{ from: [peer] }] })]);
      return setOf(state, ofPolicy(state, 'ingress')[0]).sort();
    };
    expect(meant({ podSelector: { matchLabels: { app: 'client' } } })).toEqual(['10.244.1.3']);
    expect(meant({ podSelector: {} })).toEqual(['10.244.0.2', '10.244.1.3']);
    expect(meant({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } })).toEqual(['10.244.1.4']);
    expect(meant({ namespaceSelector: {}, podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } })).toEqual(['10.244.1.3', '10.244.1.4']);
  });

  it('writes address blocks with their exceptions, ports, ranges and protocols', () => {
    const ingress = [
      {
        from: [{ ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.7/32'] } }, { ipBlock: { cidr: '2001:db8::/32' } }],
        ports: [{ port: 80 }, { port: 8000, endPort: 8999 }, { protocol: 'UDP', port: 53 }, { protocol: 'SCTP' }],
      },
    ];
    const from = 'ip saddr 198.51.100.0/24 ip saddr != { 198.51.100.7/32 }';
    expect(ofPolicy(rules([policy({ policyTypes: ['Ingress'], ingress })]), 'ingress')).toEqual([`${from} meta l4proto sctp accept`, `${from} tcp dport 80 accept`, `${from} tcp dport 8000-8999 accept`, `${from} udp dport 53 accept`]);
  });

  it('resolves named ports at the pod that has them', () => {
    const into = rules([policy({ policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 'http' }] }] })]);
    expect(setOf(into, ofPolicy(into, 'ingress')[0])).toContain('10.244.0.2 . tcp . 8080');
    const out = rules([policy({ policyTypes: ['Egress'], egress: [{ to: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port: 'http' }] }] })]);
    const named = ofPolicy(out, 'egress')[0]?.replace(/^ip daddr @\S+ /, '');
    expect(setOf(out, named)).toEqual(['10.244.1.3 . tcp . 8080']);
  });

  it('resolves a named port of pods that only a block of addresses means', () => {
    const out = rules([policy({ policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.244.0.0/16' } }], ports: [{ port: 'http' }] }] })]);
    const [rule] = ofPolicy(out, 'egress');
    expect(rule).toMatch(/^ip daddr 10\.244\.0\.0\/16 ip daddr \. meta l4proto \. th dport @\S+ accept$/);
    expect(setOf(out, rule?.replace(/^ip daddr \S+ /, ''))).toContain('10.244.1.3 . tcp . 8080');
  });

  it('sends pods under the same policies to the same chain', () => {
    const state = rules([policy({ policyTypes: ['Ingress'] })], [web, pod('web-2', '10.244.0.5')]);
    expect(new Set(state.maps.ingress.values()).size).toBe(1);
  });

  it('closes the node\'s ranges in the directions that any policy has, past pods that are known', () => {
    const ranges = ['10.244.0.0/24', 'fd00:10:244::/64'];
    const elsewhere = { ...policy({ policyTypes: ['Ingress'] }), metadata: { name: 'p', namespace: 'other' } };
    const { closed, maps } = rules([elsewhere], pods, ranges);
    expect([[...closed.ingress], [...closed.egress]]).toEqual([['10.244.0.0/24'], []]);
    expect([...maps.ingress]).toEqual([['10.244.0.2', 'accept']]);
    expect(maps.egress.size).toBe(0);
    expect(rules([], pods, ranges)).toEqual(emptyState);
  });
});

describe('filterChange', () => {
  const guarded = [policy({ policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }] })];

  it('changes elements only, when a peer comes or goes', () => {
    const change = filterChange('ip', rules(guarded), rules(guarded, [...pods, pod('c2', '10.244.1.9', { labels: { app: 'client' }, nodeName: 'node-2' })]));
    expect(change).toEqual([expect.stringMatching(/^add element ip navarch-policy peers-\S+ \{ 10\.244\.1\.9 \}$/)]);
  });

  it('closes ranges with the first policy and opens them with the last', () => {
    const closed = rules(guarded, pods, ['10.244.0.0/24']);
    expect(filterChange('ip', emptyState, closed).at(-1)).toBe('add element ip navarch-policy ingress-closed { 10.244.0.0/24 }');
    expect(filterChange('ip', closed, emptyState)).toContain('delete element ip navarch-policy ingress-closed { 10.244.0.0/24 }');
  });

  it('lets pods that are isolated speak to themselves', () => {
    expect(filterChange('ip', emptyState, rules(guarded))).toContain('add element ip navarch-policy own-pods { 10.244.0.2 . 10.244.0.2 }');
    expect(filterChange('ip', rules(guarded), emptyState)).toContain('delete element ip navarch-policy own-pods { 10.244.0.2 . 10.244.0.2 }');
  });

  it('takes everything away with the last policy, and says nothing without a change', () => {
    expect(filterChange('ip', rules(guarded), rules(guarded))).toEqual([]);
    const gone = filterChange('ip', rules(guarded), emptyState);
    expect(gone[0]).toBe('delete element ip navarch-policy ingress-pods { 10.244.0.2 }');
    expect(gone.at(-1)).toMatch(/^delete set/);
  });
});
