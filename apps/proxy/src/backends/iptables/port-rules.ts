import { createHash } from 'node:crypto';
import { familyOf } from '@navarch/apimachinery';
import { hostPort } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import { familyWords } from '../family-words';
import { frontends, type Audience, type Frontend } from '../frontends';
import { masqueradeChain, type Endpoint } from './chains';

/** What one service port adds to the shared chains, and the chains of its own. */
export interface PortRules {
  readonly services: readonly string[];
  readonly nodePorts: readonly string[];
  /** In table filter. */
  readonly closed: readonly string[];
  readonly firewall: readonly string[];
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

/** Upstream's names with our prefix; chain names have at most 28 characters. */
function chainName(kind: 'SVC' | 'SVL' | 'EXT' | 'FW' | 'SEP', ...of: readonly string[]): string {
  const letters = BigInt(`0x${createHash('sha256').update(of.join(' ')).digest('hex').slice(0, 20)}`).toString(32).toUpperCase();
  return `NAVARCH-${kind}-${letters.slice(0, 12)}`;
}

/** One service port as rules for iptables, in the order of upstream's proxier: pure. */
export function portRules(port: proxyv1.ServicePort, clusterCidrs: readonly string[]): PortRules {
  const rules = { services: [] as string[], nodePorts: [] as string[], closed: [] as string[], firewall: [] as string[], chains: new Map<string, readonly string[]>() };
  const writer = new PortWriter(port, clusterCidrs, rules.chains);
  for (const frontend of frontends(port)) {
    const at = match(frontend);
    const shared = frontend.kind === 'node-port' ? rules.nodePorts : rules.services;
    if (frontend.closed !== undefined || frontend.audiences.length === 0) {
      const onNode = frontend.kind === 'node-port' ? ' -m addrtype --dst-type LOCAL' : '';
      rules.closed.push(`${at}${onNode} -j ${frontend.closed === 'drop' ? 'DROP' : `REJECT${frontend.protocol === 'tcp' ? ' --reject-with tcp-reset' : ''}`}`);
      continue;
    }
    const target = writer.target(frontend);
    if (frontend.sources.length === 0) shared.push(`${at} -j ${target}`);
    else {
      const chain = chainName('FW', port.id, frontend.address);
      rules.chains.set(chain, frontend.sources.map((range) => `-s ${range} -j ${target}`));
      shared.push(`${at} -j ${chain}`);
      // Whoever was let in has been sent on to an endpoint by now.
      rules.firewall.push(`${at} -j DROP`);
    }
  }
  return rules;
}

const match = ({ kind, address, protocol, port }: Frontend): string => `${kind === 'address' ? `-d ${onlyHost(address)} ` : ''}-p ${protocol} -m ${protocol} --dport ${port}`;

const onlyHost = (address: string): string => `${address}/${familyWords[familyOf(address)].hostBits}`;

class PortWriter {
  constructor(private readonly port: proxyv1.ServicePort, private readonly clusterCidrs: readonly string[], private readonly chains: Map<string, readonly string[]>) {}

  /** The chain that serves a frontend, made when it is first asked for. */
  target(frontend: Frontend): string {
    const [first] = frontend.audiences;
    if (first?.route === 'plain') return this.#clusterIp(frontend, first);
    const chain = chainName('EXT', this.port.id);
    if (!this.chains.has(chain)) this.chains.set(chain, this.#external(frontend));
    return chain;
  }

  /** Clients that are no pods are masqueraded: the answer to them must come back through here. */
  #clusterIp(frontend: Frontend, audience: Audience): string {
    return this.#balancer('SVC', audience, this.#masqueradeOthers(match(frontend)));
  }

  /** Several ranges cannot be negated in one rule: pods of each go on unmarked. */
  #masqueradeOthers(match: string): string[] {
    const [first, ...more] = this.clusterCidrs;
    if (first === undefined) return [];
    if (more.length === 0) return [`! -s ${first} ${match} -j ${masqueradeChain}`];
    const chain = chainName('SVC', 'masquerade others', ...this.clusterCidrs);
    this.chains.set(chain, [...this.clusterCidrs.map((range) => `-s ${range} -j RETURN`), `-j ${masqueradeChain}`]);
    return [`${match} -j ${chain}`];
  }

  #external({ audiences }: Frontend): string[] {
    const [first, inside] = audiences;
    if (first === undefined) return [];
    if (first.route !== 'local') return [`-j ${masqueradeChain}`, `-j ${this.#balancer('SVC', first)}`];
    const all = inside === undefined || inside.endpoints.length === 0 ? undefined : this.#balancer('SVC', inside);
    return [
      ...(all === undefined ? [] : [...this.clusterCidrs.map((range) => `-s ${range} -j ${all}`), `-m addrtype --src-type LOCAL -j ${masqueradeChain}`, `-m addrtype --src-type LOCAL -j ${all}`]),
      // No local endpoint: the mark makes the filter drop what nobody has redirected.
      first.endpoints.length === 0 ? '-j NAVARCH-MARK-DROP' : `-j ${this.#balancer('SVL', first)}`,
    ];
  }

  #balancer(kind: 'SVC' | 'SVL', { endpoints }: Audience, before: readonly string[] = []): string {
    const { id, affinitySeconds } = this.port;
    // The chain of a cluster IP with a policy of its own must not be that of all endpoints.
    const chain = chainName(kind, id, ...endpoints.map(({ address, port }) => `${address}:${port}`));
    const targets = endpoints.map((endpoint) => this.#endpoint(endpoint));
    const remembered = affinitySeconds === 0 ? [] : targets.map((target) => `-m recent --name ${target} --rcheck --seconds ${affinitySeconds} --reap -j ${target}`);
    const chosen = targets.map((target, index) =>
      index === targets.length - 1 ? `-j ${target}` : `-m statistic --mode random --probability ${(1 / (targets.length - index)).toFixed(10)} -j ${target}`,
    );
    const known = this.chains.get(chain);
    if (known === undefined || before.length > 0) this.chains.set(chain, [...before, ...remembered, ...chosen]);
    return chain;
  }

  #endpoint({ address, port }: Endpoint): string {
    const { id, protocol, affinitySeconds } = this.port;
    const chain = chainName('SEP', id, String(protocol), `${address}:${port}`);
    const name = protocolName(this.port);
    this.chains.set(chain, [
      // A pod that reaches itself through its Service must not see its own address as the peer's.
      `-s ${onlyHost(address)} -j ${masqueradeChain}`,
      `-p ${name} -m ${name}${affinitySeconds > 0 ? ` -m recent --name ${chain} --set` : ''} -j DNAT --to-destination ${hostPort(address, port)}`,
    ]);
    return chain;
  }
}

const protocolName = (port: proxyv1.ServicePort): string => frontends({ ...port, nodePort: 1 })[0]?.protocol ?? 'tcp';
