import { type NumberSeries, SeriesCounter, SeriesHistogram } from '@navarch/component-base';
import type { EtcdOperation, StoreErrorCode } from '@navarch/storage';
import type { Registry as MetricsRegistry } from 'prom-client';

/** Upstream's, in seconds. */
const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/**
 * What requests to etcd cost, by upstream's names. `operation` is etcd's own, and `group` and `resource`
 * stay empty: one transaction carries the writes of several resources.
 */
export class EtcdRequestMetrics {
  private readonly durations: SeriesHistogram;
  private readonly requests: SeriesCounter;
  private readonly errors: SeriesCounter;
  private readonly series = new Map<EtcdOperation, { readonly duration: { observe(seconds: number): void }; readonly requests: NumberSeries }>();

  constructor(metrics: MetricsRegistry) {
    const common = { labelNames: ['operation', 'group', 'resource'], registers: [metrics] };
    this.durations = new SeriesHistogram({ name: 'etcd_request_duration_seconds', help: 'How long etcd took to answer, by operation.', buckets: BUCKETS, ...common });
    this.requests = new SeriesCounter({ name: 'etcd_requests_total', help: 'Requests to etcd, by operation.', ...common });
    this.errors = new SeriesCounter({ name: 'etcd_request_errors_total', help: 'Requests that etcd refused or did not answer, by operation.', ...common });
  }

  /** One request is over. */
  request(operation: EtcdOperation, durationMs: number, failure: StoreErrorCode | undefined): void {
    const { duration, requests } = this.seriesOf(operation);
    requests.inc();
    duration.observe(durationMs / 1000);
    if (failure) this.errors.labels(labelsOf(operation)).inc();
  }

  private seriesOf(operation: EtcdOperation): { readonly duration: { observe(seconds: number): void }; readonly requests: NumberSeries } {
    const known = this.series.get(operation);
    if (known) return known;
    const labels = labelsOf(operation);
    const found = { duration: this.durations.labels(labels), requests: this.requests.labels(labels) };
    this.series.set(operation, found);
    return found;
  }
}

function labelsOf(operation: EtcdOperation): { operation: string; group: string; resource: string } {
  return { operation, group: '', resource: '' };
}
