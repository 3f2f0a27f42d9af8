import type { discoveryv1 } from '@navarch/api';
import type { ZoneRatios } from './topology-ratios';

/** How much more than its part one endpoint may get. */
const OVERLOAD_THRESHOLD = 0.2;
const ANNOTATIONS = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode'];

/** How many endpoints a zone should have, and between what it may be. */
interface Allocation {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}
type Allocations = ReadonlyMap<string, Allocation>;

/** An endpoint that is ready, where it is, and for which zone it is now. */
export interface ZonedEndpoint {
  readonly endpoint: discoveryv1.Endpoint;
  readonly hint: string | undefined;
}

/** The zone each endpoint is for, or upstream's text for why none has one. */
export type TopologyHints = { readonly zones: ReadonlyMap<discoveryv1.Endpoint, string> } | { readonly refusal: string };

/** Whether the endpoints of a Service are to be shared among zones by their processors. */
export function wantsTopologyHints(annotations: Readonly<Record<string, string>> = {}): boolean {
  const value = ANNOTATIONS.map((name) => annotations[name]).find((mode) => mode !== undefined);
  return value === 'Auto' || value === 'auto';
}

/**
 * Shares endpoints among zones so that none gets more than a fifth over its part. Endpoints keep the zone they are for as long as the
 * shares allow it, so that little changes; the others are for their own zone, or for one that has too few.
 * The arithmetic is upstream's (k8s.io/endpointslice/topologycache).
 */
export function topologyHints(ready: readonly ZonedEndpoint[], ratios: ZoneRatios): TopologyHints {
  const allocations = allocate(ready.length, ratios);
  if (typeof allocations === 'string') return { refusal: allocations };
  if (ready.some(({ endpoint }) => (endpoint.zone ?? '') === '')) return { refusal: 'One or more endpoints do not have a zone specified' };
  const gentle = share(ready, allocations, true);
  const isFair = [...allocations].every(([zone, { minimum }]) => (gentle.count.get(zone) ?? 0) >= minimum);
  return { zones: (isFair ? gentle : share(ready, allocations, false)).zones };
}

/** Allocations, or why there are none. */
function allocate(endpoints: number, ratios: ZoneRatios): Allocations | string {
  if (ratios === undefined) return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  const numbers = `(${endpoints} endpoints, ${ratios.size} zones)`;
  if (ratios.size > endpoints) return `Insufficient number of endpoints ${numbers}`;
  const zones = [...ratios].sort(([a], [b]) => (a < b ? -1 : 1)).map(([zone, ratio]) => {
    const part = ratio * endpoints;
    const minimum = Math.ceil(part * (1 / (1 + OVERLOAD_THRESHOLD)));
    return { zone, minimum, desired: Math.max(part, minimum) };
  });
  const spare = endpoints - zones.reduce((sum, { minimum }) => sum + minimum, 0);
  if (spare < 0) return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${numbers}`;
  return new Map(zones.map(({ zone, minimum, desired }) => [zone, { minimum, desired, maximum: minimum + spare }]));
}

function share(ready: readonly ZonedEndpoint[], allocations: Allocations, keep: boolean): { zones: Map<discoveryv1.Endpoint, string>; count: Map<string, number> } {
  const zones = new Map<discoveryv1.Endpoint, string>();
  const count = new Map<string, number>();
  const put = (endpoint: discoveryv1.Endpoint, zone: string): void => {
    zones.set(endpoint, zone);
    count.set(zone, (count.get(zone) ?? 0) + 1);
  };
  const movable: discoveryv1.Endpoint[] = [];
  for (const { endpoint, hint } of ready) {
    const maximum = hint === undefined || !keep ? undefined : allocations.get(hint)?.maximum;
    if (hint !== undefined && maximum !== undefined && (count.get(hint) ?? 0) < maximum) put(endpoint, hint);
    else movable.push(endpoint);
  }
  for (const endpoint of movable) put(endpoint, endpoint.zone ?? '');
  const { giving, receiving } = exchange(allocations, count);
  for (const endpoint of movable) {
    const from = endpoint.zone ?? '';
    const to = [...receiving].find(([, left]) => left > 0)?.[0];
    if (to === undefined || (giving.get(from) ?? 0) <= 0) continue;
    giving.set(from, (giving.get(from) ?? 0) - 1);
    receiving.set(to, (receiving.get(to) ?? 0) - 1);
    count.set(from, (count.get(from) ?? 0) - 1);
    put(endpoint, to);
  }
  return { zones, count };
}

/** How many endpoints each zone gives away or receives: one by one from whoever has most too many to whoever lacks most. */
function exchange(allocations: Allocations, count: ReadonlyMap<string, number>): { giving: Map<string, number>; receiving: Map<string, number> } {
  const surplus = new Map<string, number>();
  const lack = new Map<string, number>();
  for (const [zone, { desired }] of allocations) {
    const difference = (count.get(zone) ?? 0) - desired;
    if (difference > 0) surplus.set(zone, difference);
    else if (difference < 0) lack.set(zone, -difference);
  }
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const [from, most] = largest(surplus);
    const [to, needed] = largest(lack);
    // Half an endpoint more or less is not worth a move, nor are two parts of one.
    if (most < 0.5 || needed < 0.5 || (most < 1 && needed < 1)) return { giving, receiving };
    surplus.set(from, most - 1);
    lack.set(to, needed - 1);
    giving.set(from, (giving.get(from) ?? 0) + 1);
    receiving.set(to, (receiving.get(to) ?? 0) + 1);
  }
}

function largest(zones: ReadonlyMap<string, number>): readonly [string, number] {
  return [...zones].reduce<readonly [string, number]>((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0]);
}
