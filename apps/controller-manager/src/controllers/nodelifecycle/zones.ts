import type { corev1 } from '@navarch/api';
import { readiness, zoneOf } from '../../nodes';

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

export interface EvictionRates {
  /** Nodes a second. */
  readonly normal: number;
  readonly secondary: number;
  readonly largeClusterSize: number;
  readonly unhealthyShare: number;
}

/** Nodes that say nothing about the health of their zone. */
const EXCLUDED = 'node.kubernetes.io/exclude-disruption';
export const speaksForZone = ({ metadata }: corev1.Node): boolean => metadata.labels?.[EXCLUDED] === undefined;
/** So few nodes never make a zone unhealthy. */
const MIN_UNHEALTHY = 2;

/** Judges a zone by how many of its nodes are ready. */
export function zoneState(nodes: readonly corev1.Node[], unhealthyShare: number): ZoneState {
  const notReady = nodes.filter((node) => readiness(node) !== 'True').length;
  if (notReady > 0 && notReady === nodes.length) return 'FullDisruption';
  return notReady > MIN_UNHEALTHY && notReady / nodes.length >= unhealthyShare ? 'PartialDisruption' : 'Normal';
}

export interface ZonePlan {
  /** Nodes a second that may be emptied in each zone. */
  readonly rates: ReadonlyMap<string, number>;
  /** Nothing is ready anywhere: more likely the fault is ours. Nothing is evicted, and taints are taken back. */
  readonly allDisrupted: boolean;
}

/** How fast nodes may be emptied: slower, or not at all, the more of a zone is silent. */
export function planZones(nodes: readonly corev1.Node[], { normal, secondary, largeClusterSize, unhealthyShare }: EvictionRates): ZonePlan {
  const zones = new Map<string, corev1.Node[]>();
  for (const node of nodes) zones.set(zoneOf(node), [...(zones.get(zoneOf(node)) ?? []), node]);
  const speaking = [...zones].map(([zone, own]) => [zone, own.filter(speaksForZone)] as const);
  const states = new Map(speaking.filter(([, own]) => own.length > 0).map(([zone, own]) => [zone, zoneState(own, unhealthyShare)]));
  const allDisrupted = states.size > 0 && [...states.values()].every((state) => state === 'FullDisruption');
  const rates = new Map(speaking.map(([zone, own]): [string, number] => {
    if (allDisrupted) return [zone, 0];
    if (states.get(zone) !== 'PartialDisruption') return [zone, normal];
    return [zone, own.length > largeClusterSize ? secondary : 0];
  }));
  return { rates, allDisrupted };
}

/** Lets one through at a time, no more often than the rate of its zone allows. */
export class ZoneLimiter {
  #rates: ReadonlyMap<string, number> = new Map();
  readonly #nextMs = new Map<string, number>();

  set rates(rates: ReadonlyMap<string, number>) {
    this.#rates = rates;
  }

  /** 0: go ahead; otherwise how long to wait, or undefined when nothing may pass. */
  take(zone: string, nowMs: number): number | undefined {
    const rate = this.#rates.get(zone) ?? 0;
    if (rate <= 0) return undefined;
    const waitMs = (this.#nextMs.get(zone) ?? 0) - nowMs;
    if (waitMs > 0) return waitMs;
    this.#nextMs.set(zone, nowMs + 1000 / rate);
    return 0;
  }
}
