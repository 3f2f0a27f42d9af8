import { Gauge, Histogram, type Registry } from 'prom-client';
import { type KnownClaim } from './claim-table';

/** Upstream's: as far as the time limit of a call, which is 45 s. */
const buckets = Array.from({ length: 15 }, (_, i) => 0.1 * (40 / 0.1) ** (i / 14));

/** How dynamic resources are prepared, by upstream's names (pkg/kubelet/metrics, subsystem dra). */
export class DraMetrics {
  readonly operations: Histogram<'operation_name' | 'is_error'>;
  readonly calls: Histogram<'driver_name' | 'method_name' | 'grpc_status_code'>;
  readonly #inUse: Gauge<'driver_name'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.operations = new Histogram({
      name: 'dra_operations_duration_seconds',
      help: 'Seconds that preparing all claims of a pod, or taking them back, took.',
      labelNames: ['operation_name', 'is_error'],
      buckets,
      registers,
    });
    this.calls = new Histogram({
      name: 'dra_grpc_operations_duration_seconds',
      help: 'Seconds that calls of drivers of dynamic resources took.',
      labelNames: ['driver_name', 'method_name', 'grpc_status_code'],
      buckets,
      registers,
    });
    this.#inUse = new Gauge({ name: 'dra_resource_claims_in_use', help: 'ResourceClaims in use on this node by driver; <any> is all of them, each once.', labelNames: ['driver_name'], registers });
    this.inUse([]);
  }

  inUse(claims: readonly KnownClaim[]): void {
    this.#inUse.reset();
    this.#inUse.set({ driver_name: '<any>' }, claims.length);
    for (const driver of claims.flatMap(({ drivers }) => [...drivers.keys()])) this.#inUse.inc({ driver_name: driver });
  }

  /** Does something for a pod, and notes how long it took. */
  async timed<T>(operation: 'PrepareResources' | 'UnprepareResources', act: () => Promise<T>): Promise<T> {
    const end = this.operations.startTimer({ operation_name: operation });
    try {
      const done = await act();
      end({ is_error: 'false' });
      return done;
    } catch (error) {
      end({ is_error: 'true' });
      throw error;
    }
  }
}
