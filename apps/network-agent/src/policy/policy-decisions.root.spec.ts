import type { corev1, metav1, networkingv1 } from '@navarch/api';
import { inRange, matchesLabelSelector } from '@navarch/apimachinery';
import { addressOf, addressV6Of, NodeNetwork, type Place, type Target } from '@navarch/testing';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { emptyState, filterChange, filterDeclaration, type FilterState } from './filter-state';
import type { Family, PolicyWorld } from './policy-objects';
import { policyRules } from './policy-rules';

/**
 * What NetworkPolicies mean, said once more and plainly, without rules, sets or chains: random policies must have exactly this
 * effect on packets, also when one world of policies follows another.
 */
interface Packet {
  readonly from: Place;
  readonly to: Place;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

const podPlaces = ['a', 'b', 'remote'] as const;
const places: readonly Place[] = [...podPlaces, 'outside', 'stranger'];
const namedPorts: Readonly<Record<string, number>> = { a: 8080, b: 8081, remote: 8080 };
/** Refusals by UDP are limited to a few a second: somebody must answer there. */
const probes = [{ protocol: 'TCP', port: 8080 }, { protocol: 'TCP', port: 8081 }, { protocol: 'TCP', port: 9000 }, { protocol: 'UDP', port: 8080 }] as const;

function isAllowed(packet: Packet, { policies, pods, namespaces, nodeName }: PolicyWorld, addressAt: (place: Place) => string): boolean {
  const podAt = (place: Place): corev1.Pod | undefined => pods.find(({ metadata }) => metadata.name === place);
  const fits = (selector: metav1.LabelSelector | undefined, labels: Readonly<Record<string, string>> | undefined): boolean => matchesLabelSelector(selector ?? {}, labels ?? {});
  const labelsOf = (namespace = ''): Readonly<Record<string, string>> => namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels ?? {};
  const meansPeer = (peer: networkingv1.NetworkPolicyPeer, place: Place, own = ''): boolean => {
    const address = addressAt(place);
    if (peer.ipBlock !== undefined) return inRange(address, peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some((range) => inRange(address, range));
    const pod = podAt(place);
    if (pod === undefined) return false;
    const { namespace } = pod.metadata;
    return (peer.namespaceSelector === undefined ? namespace === own : fits(peer.namespaceSelector, labelsOf(namespace))) && fits(peer.podSelector, pod.metadata.labels);
  };
  const meansPort = ({ protocol = 'TCP', port, endPort }: networkingv1.NetworkPolicyPort): boolean => {
    if (protocol !== packet.protocol) return false;
    if (port === undefined) return true;
    if (typeof port === 'string') return port === 'web' && namedPorts[packet.to] === packet.port && packet.protocol === 'TCP';
    return packet.port >= port && packet.port <= (endPort ?? port);
  };
  const passes = (direction: 'Ingress' | 'Egress', guarded: Place, other: Place): boolean => {
    const pod = podAt(guarded);
    if (pod === undefined || pod.spec?.nodeName !== nodeName) return true;
    const selecting = policies.filter(({ metadata, spec }) => metadata.namespace === pod.metadata.namespace && fits(spec?.podSelector, pod.metadata.labels) && (spec?.policyTypes ?? []).includes(direction));
    if (selecting.length === 0) return true;
    return selecting.some(({ metadata, spec }) => {
      const rules = direction === 'Ingress' ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from ?? [], ports: ports ?? [] })) : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] }));
      return rules.some(({ peers, ports }) => (peers.length === 0 || peers.some((peer) => meansPeer(peer, other, metadata.namespace))) && (ports.length === 0 || ports.some(meansPort)));
    });
  };
  return passes('Egress', packet.from, packet.to) && passes('Ingress', packet.to, packet.from);
}

const labels = fc.record({ app: fc.constantFrom('x', 'y'), tier: fc.constantFrom('front', 'back') });
const selector: fc.Arbitrary<metav1.LabelSelector> = fc.oneof(
  fc.constant({}),
  fc.constantFrom('x', 'y').map((app) => ({ matchLabels: { app } })),
  fc.constantFrom<metav1.LabelSelector>(
    { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] },
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'z'] }] },
    { matchExpressions: [{ key: 'none', operator: 'Exists' }] },
  ),
);
const namespaceSelector = fc.constantFrom<metav1.LabelSelector>({}, { matchLabels: { team: 'one' } }, { matchLabels: { team: 'none' } }, { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] });
const blocks: Readonly<Record<Family, readonly { cidr: string; except?: string[] }[]>> = {
  ip: [
    { cidr: '0.0.0.0/0' }, { cidr: '10.244.0.0/16', except: ['10.244.1.0/24'] }, { cidr: '10.244.0.3/32' }, { cidr: '198.51.100.9/24' }, { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '10.244.0.0/16', '203.0.113.7/32'] },
    { cidr: 'fd00::/8' }, { cidr: '192.0.0.0/2', except: ['198.51.100.0/25', '198.51.100.128/25'] },
  ],
  ip6: [
    { cidr: '::/0' }, { cidr: 'fd00:10:244::/48', except: ['fd00:10:244:1::/64'] }, { cidr: 'fd00:10:244::3/128' }, { cidr: '2001:db8:198::9/64' }, { cidr: '::/0', except: ['fd00::/8', 'fd00:10::/32', '2001:db8:203::7/128'] },
    { cidr: '10.0.0.0/8' }, { cidr: '2001:db8::/32', except: ['2001:db8:198::/65', '2001:db8:198:0:8000::/65'] },
  ],
};
const peer = (family: Family): fc.Arbitrary<networkingv1.NetworkPolicyPeer> => fc.oneof(
  selector.map((podSelector) => ({ podSelector })), namespaceSelector.map((of) => ({ namespaceSelector: of })), fc.tuple(namespaceSelector, selector).map(([of, podSelector]) => ({ namespaceSelector: of, podSelector })),
  fc.constantFrom(...blocks[family]).map((ipBlock) => ({ ipBlock })),
);
const port = fc.constantFrom<networkingv1.NetworkPolicyPort>(
  { port: 8080 },
  { port: 8081, protocol: 'TCP' },
  { port: 8000, endPort: 8080 },
  { port: 8080, endPort: 9000 },
  { port: 'web' },
  { port: 'none' },
  { protocol: 'UDP' },
  { protocol: 'UDP', port: 8081 },
  { protocol: 'UDP', port: 8079, endPort: 8080 },
  { protocol: 'SCTP', port: 8080 },
  {},
  { port: 8079, endPort: 8082 },
);
const rule = (family: Family): fc.Arbitrary<{ peers: networkingv1.NetworkPolicyPeer[]; ports: networkingv1.NetworkPolicyPort[] }> => fc.record({ peers: fc.array(peer(family), { maxLength: 3 }), ports: fc.array(port, { maxLength: 3 }) });
const policySpec = (family: Family): fc.Arbitrary<networkingv1.NetworkPolicySpec> =>
  fc.record({ podSelector: selector, policyTypes: fc.constantFrom<string[]>(['Ingress'], ['Egress'], ['Ingress', 'Egress']), ingress: fc.array(rule(family), { maxLength: 2 }), egress: fc.array(rule(family), { maxLength: 2 }) })
    .map(({ podSelector, policyTypes, ingress, egress }) => ({
      podSelector, policyTypes,
      ...(policyTypes.includes('Ingress') ? { ingress: ingress.map(({ peers, ports }) => ({ from: peers, ports })) } : {}),
      ...(policyTypes.includes('Egress') ? { egress: egress.map(({ peers, ports }) => ({ to: peers, ports })) } : {}),
    }));
const addressesIn: Readonly<Record<Family, (place: Place) => string>> = { ip: addressOf, ip6: addressV6Of };
const world = (family: Family): fc.Arbitrary<PolicyWorld> => fc.record({
  policies: fc.array(fc.tuple(fc.constantFrom('one', 'two'), policySpec(family)), { maxLength: 4 }).map((list) => list.map(([namespace, spec], index) => ({ metadata: { namespace, name: `p${index}` }, spec }))),
  pods: fc.tuple(...podPlaces.map((place) => fc.tuple(fc.constantFrom('one', 'two'), labels).map(([namespace, of]): corev1.Pod => ({
    metadata: { name: place, namespace, labels: of }, status: { phase: 'Running', podIPs: [{ ip: addressOf(place) }, { ip: addressV6Of(place) }] },
    spec: { nodeName: place === 'remote' ? 'node-2' : 'node-1', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: namedPorts[place] ?? 0 }] }] },
  })))),
  namespaces: fc.constant<corev1.Namespace[]>([{ metadata: { name: 'one', labels: { team: 'one' } } }, { metadata: { name: 'two' } }]), nodeName: fc.constant('node-1'), podRanges: fc.constantFrom([], ['10.244.0.0/24', 'fd00:10:244::/64']),
});

describe('random policies', () => {
  const network = new NodeNetwork(`npp${process.pid % 10_000}`);
  beforeAll(() => network.start(), 60_000);
  afterAll(() => network.stop());

  /** Which packets came through: where the other end refuses, they did. */
  const send = async (packets: readonly Packet[], family: Family, silentMs?: number): Promise<(Packet & { allowed: boolean })[]> => {
    const answers = new Map(await Promise.all(places.map(async (from) => {
      const sent = packets.filter((packet) => packet.from === from);
      const said = await network.askAll(from, sent.map(({ to, protocol, port: number }): Target => ({ address: addressesIn[family](to), port: number, protocol: protocol === 'UDP' ? 'udp' : 'tcp' })), silentMs);
      return [from, new Map(sent.map((packet, index) => [packet, said[index] !== 'silent']))] as const;
    })));
    return packets.map((packet) => ({ ...packet, allowed: answers.get(packet.from)?.get(packet) === true }));
  };

  it.each<Family>(['ip', 'ip6'])('let through exactly what they say, in %s', async (family) => {
    const addressAt = addressesIn[family];
    let installed: FilterState | undefined;
    const enforce = (state: FilterState): void => {
      const script = [...(installed === undefined ? filterDeclaration(family) : []), ...filterChange(family, installed ?? emptyState, state)].join('\n');
      execFileSync('ip', ['netns', 'exec', network.node, 'nft', '-f', '-'], { input: `${script}\n` });
      installed = state;
    };
    const packets = places.flatMap((from) => places.filter((to) => to !== from && (isPod(from) || isPod(to))).flatMap((to) => probes.map((probe): Packet => ({ from, to, ...probe }))));
    await fc.assert(fc.asyncProperty(world(family), async (given) => {
      enforce(policyRules(given, family));
      // A flow that was let through before goes on, and ports of senders come again.
      network.run('conntrack -F 2>/dev/null');
      const expected = packets.map((packet) => ({ ...packet, allowed: isAllowed(packet, given, addressAt) }));
      let seen = await send(packets, family, 150);
      // On a busy machine an answer may come too late to be one: what should have come is asked for again, with more patience.
      for (let again = 0; again < 3; again++) {
        const missing = expected.filter((packet, index) => packet.allowed && seen[index]?.allowed === false);
        if (missing.length === 0) break;
        const later = await send(missing, family);
        seen = seen.map((packet) => later.find(({ from, to, protocol, port: number }) => from === packet.from && to === packet.to && protocol === packet.protocol && number === packet.port) ?? packet);
      }
      expect(seen).toEqual(expected);
    }), { numRuns: 40, endOnFailure: true });
  }, 240_000);
});

const isPod = (place: Place): boolean => (podPlaces as readonly Place[]).includes(place);
