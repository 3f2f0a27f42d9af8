import type { corev1 } from '@navarch/api';
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import { readiness, zoneOf } from '../../nodes';
import { speaksForZone } from './zones';

/** Metrics of the node lifecycle controller, by upstream's names. */
export class NodeMetrics {
  readonly #evictions: Counter<'zone'>;
  readonly #size: Gauge<'zone'>;
  readonly #health: Gauge<'zone'>;
  readonly #unhealthy: Gauge<'zone'>;
  readonly #allDuration: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['zone'] as const;
    this.#evictions = new Counter({ name: 'node_collector_evictions_total', help: 'Number of Node evictions that happened since current instance of NodeController started.', labelNames, registers });
    this.#size = new Gauge({ name: 'node_collector_zone_size', help: 'Gauge measuring number of registered Nodes per zones.', labelNames, registers });
    this.#health = new Gauge({ name: 'node_collector_zone_health', help: 'Gauge measuring percentage of healthy nodes per zone.', labelNames, registers });
    this.#unhealthy = new Gauge({ name: 'node_collector_unhealthy_nodes_in_zone', help: 'Gauge measuring number of not Ready Nodes per zones.', labelNames, registers });
    this.#allDuration = new Histogram({
      name: 'node_collector_update_all_nodes_health_duration_seconds',
      help: 'Duration in seconds for NodeController to update the health of all nodes.',
      buckets: exponentialBuckets(0.01, 4, 8),
      registers,
    });
  }

  /** A look at all nodes has ended. */
  looked(nodes: readonly corev1.Node[], milliseconds: number): void {
    this.#allDuration.observe(milliseconds / 1000);
    const zones = new Map<string, { size: number; ready: number }>();
    for (const node of nodes.filter(speaksForZone)) {
      const zone = zones.get(zoneOf(node)) ?? { size: 0, ready: 0 };
      zone.size++;
      if (readiness(node) === 'True') zone.ready++;
      zones.set(zoneOf(node), zone);
    }
    for (const gauge of [this.#size, this.#health, this.#unhealthy]) gauge.reset();
    for (const [zone, { size, ready }] of zones) {
      this.#size.set({ zone }, size);
      this.#health.set({ zone }, (100 * ready) / size);
      this.#unhealthy.set({ zone }, size - ready);
    }
  }

  /** A node is about to be emptied. */
  evicted(zone: string): void {
    this.#evictions.inc({ zone });
  }
}
