import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { networkingv1 } from '@navarch/api';
import { directions, matches, networkPods, peerPods, type Family, type NetworkPod, type PolicyWorld } from './policy-objects';
import { allDirections, type Direction, type FilterState, type Verdict } from './filter-state';

const isFamily = (family: Family, range: string): boolean => isIPv4(range.split('/')[0] ?? '') === (family === 'ip');
const shortHash = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
const addressType: Readonly<Record<Family, string>> = { ip: 'ipv4_addr', ip6: 'ipv6_addr' };

/**
 * Policies as the state of a filter, for the pods of one node: pure. A pod that some policy isolates has an entry in the map of
 * its direction; it leads to a chain for just that combination of policies, which pods share; what no policy accepts is dropped.
 * Peers are named sets, so that a pod that comes or goes changes elements, not rules.
 *
 * While policies of a direction exist, an address of the node's pod ranges that no pod is known to have passes nothing in that
 * direction: it may be that of a new pod which one of them selects.
 */
export function policyRules(world: PolicyWorld, family: Family): FilterState {
  return new RuleWriter(world, family).write();
}

class RuleWriter {
  readonly #pods: readonly NetworkPod[];
  readonly #namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly #chains = new Map<string, readonly string[]>();
  readonly #sets = new Map<string, { type: string; elements: Set<string> }>();
  readonly #maps = { ingress: new Map<string, Verdict>(), egress: new Map<string, Verdict>() };
  readonly #closed: Readonly<Record<Direction, ReadonlySet<string>>>;

  constructor(private readonly world: PolicyWorld, private readonly family: Family) {
    this.#pods = networkPods(world.pods, family);
    this.#namespaces = new Map(world.namespaces.map(({ metadata }) => [metadata.name ?? '', metadata.labels ?? {}]));
    const ranges = new Set(world.podRanges.filter((range) => isFamily(family, range)));
    const closed = (direction: Direction): ReadonlySet<string> => (world.policies.some((policy) => directions(policy).has(direction)) ? ranges : new Set());
    this.#closed = { ingress: closed('ingress'), egress: closed('egress') };
  }

  write(): FilterState {
    const byNamespace = new Map<string, networkingv1.NetworkPolicy[]>();
    for (const policy of this.world.policies) {
      const { namespace = '' } = policy.metadata;
      byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), policy]);
    }
    for (const pod of this.#pods) {
      if (pod.nodeName !== this.world.nodeName) continue;
      for (const direction of allDirections) {
        const selecting = (byNamespace.get(pod.namespace) ?? []).filter((policy) => directions(policy).has(direction) && matches(policy.spec?.podSelector, pod));
        if (selecting.length === 0 && this.#closed[direction].size === 0) continue;
        const verdict: Verdict = selecting.length === 0 ? 'accept' : `jump ${this.#combination(direction, selecting)}`;
        for (const address of pod.addresses) this.#maps[direction].set(address, verdict);
      }
    }
    return { chains: this.#chains, sets: this.#sets, maps: this.#maps, closed: this.#closed };
  }

  #combination(direction: Direction, policies: readonly networkingv1.NetworkPolicy[]): string {
    const chains = policies.map((policy) => this.#policy(direction, policy)).sort();
    const name = `${direction}-${shortHash(...chains)}`;
    if (!this.#chains.has(name)) this.#chains.set(name, [...chains.map((chain) => `jump ${chain}`), 'drop']);
    return name;
  }

  #policy(direction: Direction, policy: networkingv1.NetworkPolicy): string {
    const { namespace = '', name = '' } = policy.metadata;
    const chain = `policy-${direction}-${shortHash(namespace, name)}`;
    if (this.#chains.has(chain)) return chain;
    this.#chains.set(chain, []);
    const rules = direction === 'ingress'
      ? (policy.spec?.ingress ?? []).flatMap(({ from, ports }) => this.#rule(direction, policy, from, ports))
      : (policy.spec?.egress ?? []).flatMap(({ to, ports }) => this.#rule(direction, policy, to, ports));
    this.#chains.set(chain, rules);
    return chain;
  }

  #rule(direction: Direction, policy: networkingv1.NetworkPolicy, peers: readonly networkingv1.NetworkPolicyPeer[] = [], ports: readonly networkingv1.NetworkPolicyPort[] = []): string[] {
    // No peers: everyone. Peers of which none can be met: nobody.
    const who = peers.length === 0 ? [''] : peers.flatMap((peer) => this.#peer(direction, policy, peer));
    const what = ports.length === 0 ? [''] : this.#ports(direction, policy, peers, ports);
    return who.flatMap((peer) => what.map((port) => [peer, port, 'accept'].filter((part) => part !== '').join(' ')));
  }

  #peer(direction: Direction, { metadata }: networkingv1.NetworkPolicy, peer: networkingv1.NetworkPolicyPeer): string[] {
    const side = `${this.family} ${direction === 'ingress' ? 'saddr' : 'daddr'}`;
    if (peer.ipBlock !== undefined) {
      const { cidr, except = [] } = peer.ipBlock;
      if (!isFamily(this.family, cidr)) return [];
      return [`${side} ${cidr}${except.length > 0 ? ` ${side} != { ${except.join(', ')} }` : ''}`];
    }
    const { namespace = '' } = metadata;
    // Policies that mean the same pods share a set.
    const name = `peers-${shortHash(peer.namespaceSelector === undefined ? namespace : '', JSON.stringify([peer.namespaceSelector, peer.podSelector]))}`;
    if (!this.#sets.has(name)) {
      const meant = peerPods(peer, namespace, this.#pods, (of) => this.#namespaces.get(of) ?? {});
      this.#sets.set(name, { type: addressType[this.family], elements: new Set(meant.flatMap(({ addresses }) => addresses)) });
    }
    return [`${side} @${name}`];
  }

  /** Numbers by protocol, and names, which mean another number at each pod. */
  #ports(direction: Direction, policy: networkingv1.NetworkPolicy, peers: readonly networkingv1.NetworkPolicyPeer[], ports: readonly networkingv1.NetworkPolicyPort[]): string[] {
    const numbers = new Map<string, string[]>();
    const found: string[] = [];
    for (const { protocol = 'TCP', port, endPort } of ports) {
      const name = protocol.toLowerCase();
      if (port === undefined) found.push(`meta l4proto ${name}`);
      else if (typeof port === 'string') found.push(this.#named(direction, policy, peers, name, port));
      else numbers.set(name, [...(numbers.get(name) ?? []), endPort === undefined || endPort === port ? String(port) : `${port}-${endPort}`]);
    }
    // Ranges of one rule may overlap, which a set would refuse: one rule each.
    for (const [protocol, list] of numbers) for (const range of new Set(list)) found.push(`${protocol} dport ${range}`);
    return found;
  }

  #named(direction: Direction, policy: networkingv1.NetworkPolicy, peers: readonly networkingv1.NetworkPolicyPeer[], protocol: string, port: string): string {
    const { metadata, spec } = policy;
    const { namespace = '', name: policyName = '' } = metadata;
    const set = `ports-${direction}-${shortHash(namespace, policyName, JSON.stringify(peers), protocol, port)}`;
    if (!this.#sets.has(set)) {
      // Whose port it is: that of the pods guarded, or for egress that of those they speak to.
      const targets = direction === 'ingress' ? this.#pods.filter((pod) => pod.namespace === namespace && matches(spec?.podSelector, pod))
        : this.#egressTargets(namespace, peers);
      const elements = targets.flatMap(({ addresses, ports }) =>
        ports
          .filter((each) => each.name === port && each.protocol === protocol)
          .flatMap((each) => addresses.map((address) => `${address} . ${protocol} . ${each.port}`)),
      );
      this.#sets.set(set, { type: `${addressType[this.family]} . inet_proto . inet_service`, elements: new Set(elements) });
    }
    return `${this.family} daddr . meta l4proto . th dport @${set}`;
  }

  /** A block of addresses has pods in it too: the rule's own match of the block leaves only those. */
  #egressTargets(namespace: string, peers: readonly networkingv1.NetworkPolicyPeer[]): readonly NetworkPod[] {
    if (peers.length === 0 || peers.some(({ ipBlock }) => ipBlock !== undefined)) return this.#pods;
    return peers.flatMap((peer) => peerPods(peer, namespace, this.#pods, (of) => this.#namespaces.get(of) ?? {}));
  }
}
