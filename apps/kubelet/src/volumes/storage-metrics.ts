import { Gauge, Histogram, type Registry } from 'prom-client';

const buckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600];

/** What is done with volumes, in upstream's words. */
export type VolumeOperation = 'volume_mount' | 'volume_unmount' | 'volume_fsgroup_recursive_apply';

/** How many volumes pods want, and how many of them are up; by plug-in. */
export interface VolumeTotals {
  readonly desired: ReadonlyMap<string, number>;
  readonly actual: ReadonlyMap<string, number>;
}

/** Volumes by upstream's names and labels: pkg/volume/util and the volume manager's. No volume is migrated here: there are no in-tree drivers. */
export class StorageMetrics {
  readonly #operations: Histogram<'volume_plugin' | 'operation_name' | 'status' | 'migrated'>;
  readonly #csi: Histogram<'driver_name' | 'method_name' | 'grpc_status_code' | 'migrated'>;
  readonly #measured: Histogram<'metric_source'>;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.#operations = new Histogram({
      name: 'storage_operation_duration_seconds',
      help: 'Storage operation duration',
      buckets,
      labelNames: ['volume_plugin', 'operation_name', 'status', 'migrated'],
      registers,
    });
    this.#measured = new Histogram({
      name: 'kubelet_volume_metric_collection_duration_seconds',
      help: 'Duration in seconds to calculate volume stats',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      labelNames: ['metric_source'],
      registers,
    });
    this.#csi = new Histogram({
      name: 'csi_operations_seconds',
      help: 'Container Storage Interface operation duration with gRPC error code status total',
      buckets,
      labelNames: ['driver_name', 'method_name', 'grpc_status_code', 'migrated'],
      registers,
    });
  }

  operation(plugin: string, operation: VolumeOperation, seconds: number, failed: boolean): void {
    this.#operations.observe({ volume_plugin: plugin, operation_name: operation, status: failed ? 'fail-unknown' : 'success', migrated: 'false' }, seconds);
  }

  /** How long it took to measure a volume. */
  measured(source: string, seconds: number): void {
    this.#measured.observe({ metric_source: source }, seconds);
  }

  /** `method`: such as `/csi.v1.Node/NodePublishVolume`; `code`: gRPC's name of it, such as `OK`. */
  csiCall(driver: string, method: string, code: string, seconds: number): void {
    this.#csi.observe({ driver_name: driver, method_name: method, grpc_status_code: code, migrated: 'false' }, seconds);
  }

  /** Shows totals as they are when somebody looks. */
  follow(totals: () => VolumeTotals): void {
    const gauge: Gauge<'plugin_name' | 'state'> = new Gauge({
      name: 'volume_manager_total_volumes', help: 'Number of volumes in Volume Manager', labelNames: ['plugin_name', 'state'], registers: [this.registry],
      collect: () => {
        gauge.reset();
        const { desired, actual } = totals();
        for (const [plugin, count] of desired) gauge.set({ plugin_name: plugin, state: 'desired_state_of_world' }, count);
        for (const [plugin, count] of actual) gauge.set({ plugin_name: plugin, state: 'actual_state_of_world' }, count);
      },
    });
  }
}
