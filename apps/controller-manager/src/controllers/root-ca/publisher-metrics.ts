import { isApiError } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { Counter, exponentialBuckets, Histogram, type Registry } from 'prom-client';

export interface PublisherTexts {
  /** Before `_sync_total` and `_sync_duration_seconds`. */
  readonly prefix: string;
  readonly total: string;
  readonly duration: string;
}

/** Metrics of who publishes certificates, by upstream's names (pkg/controller/certificates/rootcacertpublisher, clustertrustbundlepublisher). */
export class PublisherMetrics {
  readonly #syncs: Counter<'code'>;
  readonly #duration: Histogram<'code'>;

  constructor(registry: Registry, { prefix, total, duration }: PublisherTexts) {
    const common = { labelNames: ['code'] as const, registers: [registry] };
    this.#syncs = new Counter({ ...common, name: `${prefix}_sync_total`, help: total });
    this.#duration = new Histogram({ ...common, name: `${prefix}_sync_duration_seconds`, help: duration, buckets: exponentialBuckets(0.001, 2, 15) });
  }

  /** Does it, and counts it by the status that the server answered with: 200 for no failure, 500 for one that is not the server's. */
  async measure<T>(clock: Clock, signal: AbortSignal, sync: () => Promise<T>): Promise<T> {
    const started = clock.monotonic();
    const synced = (code: string): void => {
      this.#syncs.inc({ code });
      this.#duration.observe({ code }, (clock.monotonic() - started) / 1000);
    };
    try {
      const result = await sync();
      synced('200');
      return result;
    } catch (error) {
      if (!signal.aborted) synced(isApiError(error) ? String(error.code) : '500');
      throw error;
    }
  }
}
