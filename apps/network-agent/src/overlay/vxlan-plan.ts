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

/** The first address of a node's pod range, which no pod gets, is its gateway behind the tunnel. */
export const gatewayOf = (range: string): string => range.split('/')[0] ?? '';

/** Routes and neighbours of the tunnel, as seen from one node: pure. Carries IPv4 ranges; those of IPv6 need plain routes. */
export function vxlanPlan(nodes: readonly NodeNet[], self: string, device: string): VxlanPlan {
  const peers: Peer[] = [];
  const routes: Route[] = [];
  for (const node of nodes) {
    const address = addressFor('0.0.0.0/0', node);
    if (node.name === self || address === undefined || node.ranges.length === 0) continue;
    peers.push({ node: address, mac: macOf(address), gateways: node.ranges.filter((range) => !isIPv6Range(range)).map(gatewayOf) });
    routes.push(...node.ranges.filter((range) => !isIPv6Range(range)).map((destination) => ({ destination, via: gatewayOf(destination), device })));
  }
  return { peers, routes };
}
