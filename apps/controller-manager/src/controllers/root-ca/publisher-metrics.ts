import { isApiError } from '@navarch/apimachinery';
import { Counter, exponentialBuckets, Histogram, type Registry } from 'prom-client';

/** Metrics of the publisher, by upstream's names (pkg/controller/certificates/rootcacertpublisher). */
export class PublisherMetrics {
  readonly #syncs: Counter<'code'>;
  readonly #duration: Histogram<'code'>;

  constructor(registry: Registry) {
    const common = { labelNames: ['code'] as const, registers: [registry] };
    this.#syncs = new Counter({ ...common, name: 'root_ca_cert_publisher_sync_total', help: 'Number of namespace syncs happened in root ca cert publisher.' });
    this.#duration = new Histogram({ ...common, name: 'root_ca_cert_publisher_sync_duration_seconds', help: 'Duration of namespace syncs in root ca cert publisher.', buckets: exponentialBuckets(0.001, 2, 15) });
  }

  /** By the status that the server answered with: 200 for no failure, 500 for one that is not the server's. */
  synced(milliseconds: number, failure?: unknown): void {
    const code = failure === undefined ? '200' : isApiError(failure) ? String(failure.code) : '500';
    this.#syncs.inc({ code });
    this.#duration.observe({ code }, milliseconds / 1000);
  }
}
