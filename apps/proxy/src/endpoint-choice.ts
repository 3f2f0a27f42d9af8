import type { proxyv1 } from '@navarch/proto';

/** Where this proxy stands. */
export interface NodePlace {
  readonly nodeName: string;
  /** Undefined on a node without the label topology.kubernetes.io/zone. */
  readonly zone?: string | undefined;
  /** Those that the Node names as its own within the cluster. */
  readonly addresses?: readonly string[] | undefined;
}

/** An endpoint with what decides whether it is used. */
export interface KnownEndpoint extends proxyv1.Endpoint {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly local: boolean;
  /** Hints: whom the endpoint is meant for. */
  readonly zones: readonly string[];
  readonly nodes: readonly string[];
}

/** Where traffic goes. */
export interface ChosenEndpoints {
  /** Cluster-wide traffic. */
  readonly all: proxyv1.Endpoint[];
  /** Traffic that must stay on this node. */
  readonly local: proxyv1.Endpoint[];
}

/** Upstream's CategorizeEndpoints. */
export function categorize(known: readonly KnownEndpoint[], place: NodePlace): ChosenEndpoints {
  const near = hinted(known, place);
  // Endpoints that are going away but still serve are better than none.
  const usable = (candidates: readonly KnownEndpoint[]): proxyv1.Endpoint[] => {
    const ready = candidates.filter((candidate) => candidate.ready);
    return unique(ready.length > 0 ? ready : candidates.filter(({ serving, terminating }) => serving && terminating));
  };
  const all = usable(near === undefined ? known : known.filter((candidate) => !candidate.ready || near(candidate)));
  const local = usable(known.filter((candidate) => candidate.local));
  return { all, local };
}

/** What serves, but was not chosen: where flows that lead to it may go on. */
export function keptBeside({ all, local }: ChosenEndpoints, known: readonly KnownEndpoint[]): proxyv1.Endpoint[] {
  const chosen = new Set([...all, ...local].map(keyOf));
  return unique(known.filter((candidate) => candidate.serving && !chosen.has(keyOf(candidate))));
}

/**
 * Hints are followed only if every ready endpoint has them and some are meant for this node or zone: half-written hints, as while
 * they are being changed, must not cut anyone off.
 */
function hinted(known: readonly KnownEndpoint[], { nodeName, zone }: NodePlace): ((candidate: KnownEndpoint) => boolean) | undefined {
  const ready = known.filter((candidate) => candidate.ready);
  const byNode = (candidate: KnownEndpoint): boolean => candidate.nodes.includes(nodeName);
  const byZone = (candidate: KnownEndpoint): boolean => zone !== undefined && candidate.zones.includes(zone);
  if (ready.every(({ nodes }) => nodes.length > 0) && ready.some(byNode)) return byNode;
  if (zone !== undefined && ready.every(({ zones }) => zones.length > 0) && ready.some(byZone)) return byZone;
  return undefined;
}

const keyOf = ({ address, port }: proxyv1.Endpoint): string => `${address}:${port}`;

/** Two slices may name the same endpoint while it moves between them. */
function unique(endpoints: readonly KnownEndpoint[]): proxyv1.Endpoint[] {
  const byKey = new Map(endpoints.map(({ address, port }) => [keyOf({ address, port }), { address, port }]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}
