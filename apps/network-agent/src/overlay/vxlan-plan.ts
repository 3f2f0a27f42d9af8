import { canonicalAddress } from '@navarch/apimachinery';
import { addressFor, isIPv6Range, type NodeNet, type Route } from '../routes';

/** One end of the tunnel, as the kernel must know it. */
export interface Peer {
  /** Address of the node, where its packets are sent. */
  readonly node: string;
  /** Hardware address of its end. */
  readonly mac: string;
  /** Gateways behind it, one a pod range. */
  readonly gateways: readonly string[];
}

export interface VxlanPlan {
  readonly peers: readonly Peer[];
  readonly routes: readonly Route[];
}

/**
 * Hardware address of a node's end, made of its IPv4 address: every node can tell those of all others, and nothing needs to be
 * published. The first byte marks it as locally administered.
 */
export function macOf(address: string): string {
  return ['02', '6e', ...address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))].join(':');
}

/**
 * A node's gateway behind the tunnel for one of its pod ranges. In IPv4 it is the range's first address, which no pod gets; that of
 * an IPv6 range belongs to every router on its link, so that there the end of the tunnel has a link-local address, made of the
 * node's IPv4 address.
 */
export function gatewayOf(range: string, node: string): string {
  if (!isIPv6Range(range)) return range.split('/')[0] ?? '';
  const [a = 0, b = 0, c = 0, d = 0] = node.split('.').map(Number);
  return canonicalAddress(`fe80::6e:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`);
}

/** Routes and neighbours of the tunnel, as seen from one node: pure. The tunnel itself runs over IPv4 and carries both families. */
export function vxlanPlan(nodes: readonly NodeNet[], self: string, device: string): VxlanPlan {
  const peers: Peer[] = [];
  const routes: Route[] = [];
  for (const node of nodes) {
    const address = addressFor('0.0.0.0/0', node);
    if (node.name === self || address === undefined || node.ranges.length === 0) continue;
    peers.push({ node: address, mac: macOf(address), gateways: [...new Set(node.ranges.map((range) => gatewayOf(range, address)))] });
    routes.push(...node.ranges.map((destination) => ({ destination, via: gatewayOf(destination, address), device })));
  }
  return { peers, routes };
}
