import type { discoveryv1 } from '@navarch/api';
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import { endpointKey } from '../endpointslice/plan-family';
import type { MirrorPlan } from './sync';

interface Mirrored {
  readonly endpoints: number;
  readonly slices: number;
  readonly desiredSlices: number;
}

/** Endpoints of slices by what they are, written so that a difference is seen. */
function endpointsOf(slices: readonly discoveryv1.EndpointSlice[]): Map<string, string> {
  return new Map(slices.flatMap(({ endpoints = [] }) => endpoints.map((endpoint) => [endpointKey(endpoint), JSON.stringify(endpoint)])));
}

/** Metrics of the mirroring controller, by upstream's names (pkg/controller/endpointslicemirroring/metrics). */
export class MirroringMetrics {
  readonly #mirrored = new Map<string, Mirrored>();
  readonly #changes: Counter<'operation'>;
  readonly #perSync: Readonly<Record<'added' | 'removed' | 'updated', Histogram>>;
  readonly #skipped: Histogram;
  readonly #duration: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    const prefix = 'endpoint_slice_mirroring_controller';
    const sum = (name: string, help: string, of: (numbers: Mirrored) => number): void => {
      const mirrored = this.#mirrored;
      new Gauge({ name: `${prefix}_${name}`, help, registers, collect() {
        this.set([...mirrored.values()].reduce((total, numbers) => total + of(numbers), 0));
      } });
    };
    sum('endpoints_desired', 'Number of endpoints desired', ({ endpoints }) => endpoints);
    sum('num_endpoint_slices', 'Number of EndpointSlices', ({ slices }) => slices);
    sum('desired_endpoint_slices', 'Number of EndpointSlices that would exist with perfect endpoint allocation', ({ desiredSlices }) => desiredSlices);
    this.#changes = new Counter({ name: `${prefix}_changes`, help: 'Number of EndpointSlice changes', labelNames: ['operation'], registers });
    const histogram = (name: string, help: string, buckets = exponentialBuckets(2, 2, 15)): Histogram => new Histogram({ name: `${prefix}_${name}`, help, buckets, registers });
    const perSync = (what: string): Histogram => histogram(`endpoints_${what}_per_sync`, `Number of endpoints ${what} on each Endpoints sync`);
    this.#perSync = { added: perSync('added'), removed: perSync('removed'), updated: perSync('updated') };
    this.#skipped = histogram('addresses_skipped_per_sync', 'Number of addresses skipped on each Endpoints sync due to being invalid or exceeding MaxEndpointsPerSubset');
    this.#duration = histogram('endpoints_sync_duration', 'Duration of syncEndpoints() in seconds', exponentialBuckets(0.001, 2, 15));
  }

  /** A plan for the slices that were there has been carried out. */
  applied(key: string, slices: readonly discoveryv1.EndpointSlice[], { create, update, remove, skipped }: MirrorPlan, maxPerSlice: number): void {
    const replaced = new Set([...update, ...remove].map(({ metadata }) => metadata.name));
    const after = [...slices.filter(({ metadata }) => !replaced.has(metadata.name)), ...update, ...create];
    const [before, now] = [endpointsOf(slices), endpointsOf(after)];
    const count = (of: Map<string, string>, chosen: (name: string, text: string) => boolean): number => [...of].filter(([name, text]) => chosen(name, text)).length;
    this.#perSync.added.observe(count(now, (name) => !before.has(name)));
    this.#perSync.removed.observe(count(before, (name) => !now.has(name)));
    this.#perSync.updated.observe(count(now, (name, text) => before.has(name) && before.get(name) !== text));
    this.#skipped.observe(skipped);
    for (const [operation, changed] of Object.entries({ create, update, delete: remove })) if (changed.length > 0) this.#changes.inc({ operation }, changed.length);
    const desiredSlices = after.reduce((sum, { endpoints = [] }) => sum + Math.max(1, Math.ceil(endpoints.length / maxPerSlice)), 0);
    this.#mirrored.set(key, { endpoints: now.size, slices: after.length, desiredSlices });
  }

  synced(milliseconds: number): void {
    this.#duration.observe(milliseconds / 1000);
  }

  forget(key: string): void {
    this.#mirrored.delete(key);
  }
}
