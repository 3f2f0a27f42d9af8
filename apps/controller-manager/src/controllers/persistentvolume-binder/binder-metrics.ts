import { storageClassOf, type corev1 } from '@navarch/api';
import type { Clock } from '@navarch/clock';
import type { ObjectSource } from '@navarch/reconcile';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { pluginOf } from './built-in-plugins';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;
type Operation = 'delete' | 'provision';

/** Metrics of the binder, by upstream's names (pkg/controller/volume/persistentvolume/metrics). */
export class BinderMetrics {
  readonly #clock: Clock;
  readonly #durations: Histogram<'operation_name' | 'plugin_name'>;
  readonly #errors: Counter<'operation_name' | 'plugin_name'>;
  readonly #classes: Counter;
  readonly #classErrors: Counter;
  /** What others have been asked to do, by the key of what it is done for or to. */
  readonly #begun = new Map<string, { readonly operation: Operation; readonly plugin: string; readonly sinceMs: number }>();

  constructor(registry: Registry, clock: Clock, { claims, volumes }: { readonly claims: ObjectSource<Claim>; readonly volumes: ObjectSource<Volume> }) {
    this.#clock = clock;
    const registers = [registry];
    const count = <T>(name: string, help: string, labelNames: readonly string[], source: () => readonly T[], labelsOf: (object: T) => readonly string[]): void => {
      new Gauge({ name: `pv_collector_${name}`, help, labelNames, registers, collect() {
        this.reset();
        for (const object of source()) this.inc(Object.fromEntries(labelsOf(object).map((value, index) => [labelNames[index] ?? '', value])));
      } });
    };
    const isBound = ({ status }: { readonly status?: { readonly phase?: string } }): boolean => status?.phase === 'Bound';
    const classOf = ({ spec }: Volume): string[] => [spec?.storageClassName ?? ''];
    const ofClaim = (claim: Claim): string[] => [claim.metadata.namespace ?? '', storageClassOf(claim), claim.spec?.volumeAttributesClassName ?? ''];
    const claimLabels = ['namespace', 'storage_class', 'volume_attributes_class'];
    count(
      'total_pv_count',
      'Gauge measuring total number of persistent volumes',
      ['plugin_name', 'volume_mode'],
      () => volumes.list(),
      (volume) => [pluginOf(volume) ?? 'N/A', volume.spec?.volumeMode ?? 'Filesystem'],
    );
    count('bound_pv_count', 'Gauge measuring number of persistent volume currently bound', ['storage_class'], () => volumes.list().filter(isBound), classOf);
    count('unbound_pv_count', 'Gauge measuring number of persistent volume currently unbound', ['storage_class'], () => volumes.list().filter((volume) => !isBound(volume)), classOf);
    count('bound_pvc_count', 'Gauge measuring number of persistent volume claim currently bound', claimLabels, () => claims.list().filter(isBound), ofClaim);
    count('unbound_pvc_count', 'Gauge measuring number of persistent volume claim currently unbound', claimLabels, () => claims.list().filter((claim) => !isBound(claim)), ofClaim);
    const labelNames = ['plugin_name', 'operation_name'] as const;
    this.#durations = new Histogram({
      name: 'volume_operation_total_seconds',
      help: 'Total volume operation time',
      labelNames,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600],
      registers,
    });
    this.#errors = new Counter({ name: 'volume_operation_total_errors', help: 'Total volume operation errors', labelNames, registers });
    this.#classes = new Counter({ name: 'retroactive_storageclass_total', help: 'Total number of retroactive StorageClass assignments to persistent volume claim', registers });
    this.#classErrors = new Counter({ name: 'retroactive_storageclass_errors_total', help: 'Total number of failed retroactive StorageClass assignments to persistent volume claim', registers });
  }

  /** Somebody else was asked for it; to ask again is no new beginning. */
  begun(key: string, operation: Operation, plugin: string): void {
    if (!this.#begun.has(key)) this.#begun.set(key, { operation, plugin, sinceMs: this.#clock.monotonic() });
  }

  /** It is done, if it was begun. */
  ended(key: string): void {
    const begun = this.#begun.get(key);
    if (begun === undefined) return;
    this.#durations.observe({ plugin_name: begun.plugin, operation_name: begun.operation }, (this.#clock.monotonic() - begun.sinceMs) / 1000);
    this.#begun.delete(key);
  }

  /** It is wanted no more. */
  forget(key: string): void {
    this.#begun.delete(key);
  }

  failed(operation: Operation, plugin: string): void {
    this.#errors.inc({ plugin_name: plugin, operation_name: operation });
  }

  /** What was begun for it failed, and will be tried again. */
  failedIfBegun(key: string): void {
    const begun = this.#begun.get(key);
    if (begun !== undefined) this.failed(begun.operation, begun.plugin);
  }

  /** A claim that named no class was to get one. */
  async classGiven(give: () => Promise<unknown>): Promise<void> {
    try {
      await give();
    } catch (error) {
      this.#classErrors.inc();
      throw error;
    }
    this.#classes.inc();
  }
}
