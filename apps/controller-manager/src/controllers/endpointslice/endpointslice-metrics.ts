import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import type { SlicePlan } from './sync';

interface ServiceNumbers {
  readonly endpoints: number;
  readonly slices: number;
  readonly desiredSlices: number;
  /** Of a Service that says how its traffic is to be spread. */
  readonly distribution: string | undefined;
}

const numberBuckets = exponentialBuckets(2, 2, 15);

/** Metrics of the EndpointSlice controller, by upstream's names (k8s.io/endpointslice/metrics). */
export class EndpointSliceMetrics {
  readonly #services = new Map<string, ServiceNumbers>();
  readonly #added: Histogram;
  readonly #removed: Histogram;
  readonly #changes: Counter<'operation'>;
  readonly #changed: Histogram<'topology' | 'traffic_distribution'>;
  readonly #syncs: Counter<'result'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const sum = (name: string, help: string, of: (numbers: ServiceNumbers) => number): void => {
      const services = this.#services;
      new Gauge({
        name: `endpoint_slice_controller_${name}`,
        help,
        registers,
        collect() {
          this.set([...services.values()].reduce((total, numbers) => total + of(numbers), 0));
        },
      });
    };
    sum('endpoints_desired', 'Number of endpoints desired', ({ endpoints }) => endpoints);
    sum('num_endpoint_slices', 'Number of EndpointSlices', ({ slices }) => slices);
    sum('desired_endpoint_slices', 'Number of EndpointSlices that would exist with perfect endpoint allocation', ({ desiredSlices }) => desiredSlices);
    const services = this.#services;
    new Gauge({
      name: 'endpoint_slice_controller_services_count_by_traffic_distribution',
      help: 'Number of Services using some specific trafficDistribution',
      labelNames: ['traffic_distribution'],
      registers,
      collect() {
        this.reset();
        for (const { distribution } of services.values()) if (distribution !== undefined) this.inc({ traffic_distribution: distribution });
      },
    });
    this.#added = new Histogram({
      name: 'endpoint_slice_controller_endpoints_added_per_sync',
      help: 'Number of endpoints added on each Service sync',
      buckets: numberBuckets,
      registers,
    });
    this.#removed = new Histogram({
      name: 'endpoint_slice_controller_endpoints_removed_per_sync',
      help: 'Number of endpoints removed on each Service sync',
      buckets: numberBuckets,
      registers,
    });
    this.#changes = new Counter({ name: 'endpoint_slice_controller_changes', help: 'Number of EndpointSlice changes', labelNames: ['operation'], registers });
    this.#changed = new Histogram({
      name: 'endpoint_slice_controller_endpointslices_changed_per_sync',
      help: 'Number of EndpointSlices changed on each Service sync',
      labelNames: ['topology', 'traffic_distribution'],
      buckets: exponentialBuckets(2, 2, 15),
      registers,
    });
    this.#syncs = new Counter({ name: 'endpoint_slice_controller_syncs', help: 'Number of EndpointSlice syncs', labelNames: ['result'], registers });
  }

  /** A plan was carried out. */
  applied(
    service: string,
    { create, update, remove, numbers: { endpoints, slices, desiredSlices, families } }: SlicePlan,
    { distribution, wantsZones }: { readonly distribution: string | undefined; readonly wantsZones: boolean },
  ): void {
    this.#services.set(service, { endpoints, slices, desiredSlices, distribution });
    for (const { added, removed, changedSlices } of families) {
      this.#added.observe(added);
      this.#removed.observe(removed);
      this.#changed.observe({ topology: wantsZones ? 'Auto' : 'Disabled', traffic_distribution: distribution ?? '' }, changedSlices);
    }
    for (const [operation, slicesOf] of Object.entries({ create, update, delete: remove })) {
      if (slicesOf.length > 0) this.#changes.inc({ operation }, slicesOf.length);
    }
  }

  synced(succeeded: boolean): void {
    this.#syncs.inc({ result: succeeded ? 'success' : 'error' });
  }

  forget(service: string): void {
    this.#services.delete(service);
  }
}
