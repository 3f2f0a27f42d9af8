import { formatIpRange, parseIpRange, rangeCovers } from '@navarch/apimachinery';
import { proxyv1 } from '@navarch/proto';

const protocolNames: Readonly<Record<number, 'tcp' | 'udp' | 'sctp'>> = { [proxyv1.Protocol.TCP]: 'tcp', [proxyv1.Protocol.UDP]: 'udp', [proxyv1.Protocol.SCTP]: 'sctp' };

/** Who comes in: each sees its own endpoints. */
export interface Audience {
  /**
   * `plain`: everyone, their addresses kept; `masquerade`: everyone or, beside `local`, the node itself, hidden behind the node's
   * address, so that the answer comes back through it; `local`: clients outside the cluster, whose addresses must be kept.
   */
  readonly route: 'plain' | 'masquerade' | 'local';
  readonly endpoints: readonly proxyv1.Endpoint[];
}

/** One way in to a service port: an address and port, or a port of the node. */
export interface Frontend {
  readonly kind: 'address' | 'node-port';
  /** Empty for a node port. */
  readonly address: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly port: number;
  readonly affinitySeconds: number;
  readonly audiences: readonly Audience[];
  /** Nobody answers: refuse at once, or keep silent where only this node has no endpoint (upstream does so to let retries go elsewhere). */
  readonly closed: 'refuse' | 'drop' | undefined;
  /** Ranges that alone may come in; empty: everyone. */
  readonly sources: readonly string[];
}

/** All ways in to a service port, with the traffic policies carried out: pure. */
export function frontends(port: proxyv1.ServicePort): Frontend[] {
  const protocol = protocolNames[port.protocol] ?? 'tcp';
  const base = { protocol, affinitySeconds: port.affinitySeconds };
  const [clusterIp, ...external] = port.addresses;
  const outside = outsideAudiences(port);
  const found: Frontend[] = [];
  if (clusterIp !== undefined) {
    const endpoints = port.internalLocal ? port.localEndpoints : port.endpoints;
    found.push({ ...base, kind: 'address', address: clusterIp, port: port.port, audiences: [{ route: 'plain', endpoints }], closed: closedBecause(port, endpoints), sources: [] });
  }
  for (const address of external) {
    const sources = port.loadBalancerAddresses.includes(address) ? outermost(port.loadBalancerSourceRanges) : [];
    found.push({ ...base, kind: 'address', address, port: port.port, ...outside, sources });
  }
  if (port.nodePort > 0) found.push({ ...base, kind: 'node-port', address: '', port: port.nodePort, ...outside, sources: [] });
  return found;
}

/**
 * With policy Local, clients outside are served by this node's endpoints and seen with their own address; pods and the node
 * itself are inside the cluster and may use all endpoints, as if the traffic had come back from the load balancer.
 */
function outsideAudiences(port: proxyv1.ServicePort): Pick<Frontend, 'audiences' | 'closed'> {
  const { endpoints, localEndpoints, externalLocal } = port;
  if (endpoints.length === 0 && localEndpoints.length === 0) return { audiences: [], closed: 'refuse' };
  if (!externalLocal) return { audiences: [{ route: 'masquerade', endpoints }], closed: undefined };
  return { audiences: [{ route: 'local', endpoints: localEndpoints }, { route: 'plain', endpoints }, { route: 'masquerade', endpoints }], closed: undefined };
}

function closedBecause({ endpoints }: proxyv1.ServicePort, usable: readonly proxyv1.Endpoint[]): Frontend['closed'] {
  if (usable.length > 0) return undefined;
  return endpoints.length > 0 ? 'drop' : 'refuse';
}

/** Ranges without those that lie in another: the kernel's sets take no overlaps. CIDR ranges nest or are apart. */
export function outermost(ranges: readonly string[]): string[] {
  const distinct = [...new Set(ranges)].flatMap((range) => parseIpRange(range) ?? []);
  return distinct.filter((inner, index) => !distinct.some((outer, at) => at !== index && rangeCovers(outer, inner) && (outer.bits < inner.bits || at < index))).map(formatIpRange);
}
