import type { corev1 } from '@navarch/api';
import { podRangesOf } from './pod-ranges';

/** A route to the pods of a node, or to load balancers. */
export interface Route {
  /** A range, such as the node's pods' 10.244.1.0/24. */
  readonly destination: string;
  /** The node's address; undefined where this machine itself answers for the whole range. */
  readonly via: string | undefined;
  /** The tunnel it leads through; undefined where nodes are neighbours. */
  readonly device?: string;
  /** Of a range that this machine answers for, as it was found: its neighbours' questions are not all answered. */
  readonly unanswered?: true;
}

export type RouteAction = { readonly kind: 'replace' | 'delete'; readonly route: Route };

/** What of a node others need: its address and its pod ranges. */
export interface NodeNet {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ranges: readonly string[];
}

export function nodeNet(node: corev1.Node): NodeNet {
  const { metadata, status } = node;
  return {
    name: metadata.name ?? '',
    addresses: (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    ranges: podRangesOf(node),
  };
}

export const isIPv6Range = (range: string): boolean => range.includes(':');

/** The node's address of a family. A simulated node shares a host's loopback: no route leads to its pods. */
export function addressFor(range: string, { addresses }: NodeNet): string | undefined {
  return addresses.find((address) => address.includes(':') === isIPv6Range(range) && !address.startsWith('127.') && address !== '::1');
}

/** The routes that must exist as seen from `self` (empty: from a host that is no node), where nodes are neighbours. */
export function wantedRoutes(nodes: readonly corev1.Node[], self: string): Route[] {
  return nodes.map(nodeNet).filter(({ name }) => name !== self).flatMap((node) => node.ranges.flatMap((destination) => {
    const via = addressFor(destination, node);
    return via === undefined ? [] : [{ destination, via }];
  }));
}

/**
 * The routes to load balancers, one for each range, as seen from `self` (empty: from a host that is no node). Any node's proxy answers on their
 * addresses, so the first that is ready does: a host sends it their packets, and the node itself answers its network's questions
 * who has them (ARP, NDP). The other nodes need no route: their proxies take the packets of their own pods.
 */
export function balancerRoutes(nodes: readonly corev1.Node[], destinations: readonly string[], self: string): Route[] {
  const ready = nodes.filter(isNodeReady).map(nodeNet).sort((a, b) => (a.name < b.name ? -1 : 1));
  return destinations.flatMap((destination) => {
    const first = ready.find((node) => addressFor(destination, node) !== undefined);
    if (first === undefined) return [];
    if (self === '') return [{ destination, via: addressFor(destination, first) }];
    return first.name === self ? [{ destination, via: undefined }] : [];
  });
}

export const isNodeReady = ({ status }: corev1.Node): boolean => status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

/** What takes the existing routes (ours only) to the wanted ones. */
export function planRoutes(existing: readonly Route[], wanted: readonly Route[]): RouteAction[] {
  const key = ({ via = 'self', device = '', unanswered }: Route): string => `${via} ${device}${unanswered === true ? ' unanswered' : ''}`;
  const have = new Map(existing.map((route) => [route.destination, key(route)]));
  const want = new Set(wanted.map(({ destination }) => destination));
  return [
    ...existing.filter(({ destination }) => !want.has(destination)).map((route) => ({ kind: 'delete' as const, route })),
    ...wanted.filter((route) => have.get(route.destination) !== key(route)).map((route) => ({ kind: 'replace' as const, route })),
  ];
}
