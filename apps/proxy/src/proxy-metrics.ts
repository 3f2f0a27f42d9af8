import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Upstream's, where it has the mode. */
const failureNames: Readonly<Record<string, string>> = { nftables: 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total', iptables: 'kubeproxy_sync_proxy_rules_iptables_restore_failures_total' };

/** Metrics by upstream's names. */
export class ProxyMetrics {
  readonly #duration: Histogram;
  readonly #last: Gauge;
  readonly #failures: Counter;

  constructor(registry: Registry, mode: string) {
    const registers = [registry];
    this.#duration = new Histogram({ name: 'kubeproxy_sync_proxy_rules_duration_seconds', help: 'Duration of a sync of the rules.', buckets: [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192], registers });
    this.#last = new Gauge({ name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds', help: 'When the rules were last synced.', registers });
    this.#failures = new Counter({ name: failureNames[mode] ?? 'kubeproxy_sync_proxy_rules_failures_total', help: 'Syncs that the kernel refused.', registers });
  }

  synced(seconds: number): void {
    this.#duration.observe(seconds);
    this.#last.setToCurrentTime();
  }

  failed(): void {
    this.#failures.inc();
  }
}
