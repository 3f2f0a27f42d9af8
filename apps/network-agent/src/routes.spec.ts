import type { corev1 } from '@navarch/api';
import { covers } from './network-agent';
import { balancerRoutes, planRoutes, wantedRoutes } from './routes';

const node = (name: string, podCIDR: string | undefined, address: string | undefined): corev1.Node => ({
  metadata: { name },
  spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] },
  status: address === undefined ? {} : { addresses: [{ type: 'Hostname', address: name }, { type: 'InternalIP', address }] },
});

describe('routes to pods', () => {
  const nodes = [node('a', '10.244.0.0/24', '172.30.1.11'), node('b', '10.244.1.0/24', '172.30.1.12'), node('new', undefined, '172.30.1.13'), node('silent', '10.244.3.0/24', undefined), node('simulated', '10.244.4.0/24', '127.0.0.1')];

  it('leads to every other node that has a range and an address', () => {
    expect(wantedRoutes(nodes, 'a')).toEqual([{ destination: '10.244.1.0/24', via: '172.30.1.12' }]);
    expect(wantedRoutes(nodes, '')).toHaveLength(2);
  });

  it('changes only what differs', () => {
    const wanted = [{ destination: '10.244.1.0/24', via: '172.30.1.12' }, { destination: '10.244.2.0/24', via: '172.30.1.13' }];
    const existing = [{ destination: '10.244.1.0/24', via: '172.30.1.99' }, { destination: '10.244.2.0/24', via: '172.30.1.13' }, { destination: '10.244.9.0/24', via: '172.30.1.14' }];
    expect(planRoutes(existing, wanted)).toEqual([
      { kind: 'delete', route: { destination: '10.244.9.0/24', via: '172.30.1.14' } },
      { kind: 'replace', route: { destination: '10.244.1.0/24', via: '172.30.1.12' } },
    ]);
  });

  it.each([
    ['10.244.0.0/16', '10.244.7.0/24', true],
    ['10.244.0.0/16', '10.245.0.0/24', false],
    ['10.244.0.0/24', '10.244.0.0/16', false],
    ['0.0.0.0/0', '192.168.0.0/16', true],
  ])('%s covers %s: %s', (range, inner, expected) => {
    expect(covers(range, inner)).toBe(expected);
  });
});

describe('the route to load balancers', () => {
  const ready = (of: corev1.Node, status: string): corev1.Node => ({ ...of, status: { ...of.status, conditions: [{ type: 'Ready', status }] } });
  const [a, b] = [node('a', '10.244.0.0/24', '172.30.1.11'), node('b', '10.244.1.0/24', '172.30.1.12')];
  const range = '172.30.1.128/25';

  it.each<{ reason: string; nodes: corev1.Node[]; via: string | undefined }>([
    { reason: 'to the first node that is ready', nodes: [ready(b, 'True'), ready(a, 'True')], via: '172.30.1.11' },
    { reason: 'past a node that is not', nodes: [ready(a, 'Unknown'), ready(b, 'True')], via: '172.30.1.12' },
    { reason: 'nowhere without nodes', nodes: [ready(a, 'False')], via: undefined },
  ])('leads $reason', ({ nodes, via }) => expect(balancerRoutes(nodes, [range], '')).toEqual(via === undefined ? [] : [{ destination: range, via }]));

  it.each<{ reason: string; nodes: corev1.Node[]; self: string; answers: boolean }>([
    { reason: 'the first that is ready', nodes: [ready(b, 'True'), ready(a, 'True')], self: 'a', answers: true },
    { reason: 'no second one', nodes: [ready(a, 'True'), ready(b, 'True')], self: 'b', answers: false },
    { reason: 'the second when the first is not', nodes: [ready(a, 'Unknown'), ready(b, 'True')], self: 'b', answers: true },
  ])('a node answers for them itself: $reason', ({ nodes, self, answers }) => expect(balancerRoutes(nodes, [range], self)).toEqual(answers ? [{ destination: range, via: undefined }] : []));

  it('leads for each family to the first node that has an address of it', () => {
    const dual = { ...b, status: { addresses: [...(b.status?.addresses ?? []), { type: 'InternalIP', address: 'fd00:172:30:1::12' }] } };
    const six = 'fd00:172:30:1::1:0/112';
    expect(balancerRoutes([ready(a, 'True'), ready(dual, 'True')], [range, six], '')).toEqual([{ destination: range, via: '172.30.1.11' }, { destination: six, via: 'fd00:172:30:1::12' }]);
    expect(balancerRoutes([ready(a, 'True'), ready(dual, 'True')], [range, six], 'b')).toEqual([{ destination: six, via: undefined }]);
  });

  it('is none where there are no load balancers', () => expect(balancerRoutes([ready(a, 'True')], [], '')).toEqual([]));

  it('is changed when another node answers', () => {
    expect(planRoutes([{ destination: range, via: undefined }], [])).toEqual([{ kind: 'delete', route: { destination: range, via: undefined } }]);
    expect(planRoutes([{ destination: range, via: undefined }], [{ destination: range, via: undefined }])).toEqual([]);
  });
});
