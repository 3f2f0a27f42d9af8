import type { corev1 } from '@navarch/api';

/** A route to the pods of a node. */
export interface Route {
  /** The node's pod range, such as 10.244.1.0/24. */
  readonly destination: string;
  /** The node's address. */
  readonly via: string;
}

export type RouteAction = { readonly kind: 'replace' | 'delete'; readonly route: Route };

const isIPv4Range = (range: string): boolean => /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(range);

/** The routes that must exist as seen from `self` (empty: from a host that is no node). */
export function wantedRoutes(nodes: readonly corev1.Node[], self: string): Route[] {
  return nodes.flatMap((node) => {
    const via = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address;
    // A simulated node shares a host's loopback: no route leads to its pods.
    if (node.metadata.name === self || via === undefined || via.startsWith('127.')) return [];
    const ranges = node.spec?.podCIDRs ?? (node.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR]);
    return ranges.filter(isIPv4Range).map((destination) => ({ destination, via }));
  });
}

/** What takes the existing routes (ours only) to the wanted ones. */
export function planRoutes(existing: readonly Route[], wanted: readonly Route[]): RouteAction[] {
  const have = new Map(existing.map((route) => [route.destination, route.via]));
  const want = new Map(wanted.map((route) => [route.destination, route.via]));
  return [
    ...existing.filter(({ destination }) => !want.has(destination)).map((route) => ({ kind: 'delete' as const, route })),
    ...wanted.filter(({ destination, via }) => have.get(destination) !== via).map((route) => ({ kind: 'replace' as const, route })),
  ];
}
