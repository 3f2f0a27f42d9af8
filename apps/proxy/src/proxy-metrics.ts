import type { IpFamily } from '@navarch/apimachinery';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const exponential = (start: number, factor: number, count: number): number[] => Array.from({ length: count }, (_, index) => start * factor ** index);
const linear = (start: number, width: number, count: number): number[] => Array.from({ length: count }, (_, index) => start + width * index);
const syncBuckets = exponential(0.001, 2, 15);
const programmingBuckets = [...linear(0.25, 0.25, 2), ...linear(1, 1, 59), ...linear(60, 5, 12), ...linear(120, 30, 7)];

/** Upstream's, where it has the mode. */
const failureNames: Readonly<Record<string, string>> = { nftables: 'kubeproxy_sync_proxy_rules_nftables_sync_failures_total', iptables: 'kubeproxy_sync_proxy_rules_iptables_restore_failures_total' };

/** What is counted when somebody looks. */
export interface ProxyFigures {
  readonly pending: { readonly services: number; readonly endpoints: number };
  /** Service ports with a Local policy that have endpoints, and none on this node. */
  readonly noLocalEndpoints: readonly { readonly family: IpFamily; readonly policy: 'internal' | 'external'; readonly count: number }[];
}

/** Metrics by upstream's names and labels. */
export class ProxyMetrics {
  readonly #all: Histogram<'ip_family'>;
  readonly #full: Histogram<'ip_family'>;
  readonly #partial: Histogram<'ip_family'>;
  readonly #last: Gauge<'ip_family'>;
  readonly #queued: Gauge<'ip_family'>;
  readonly #failures: Counter<'ip_family'>;
  readonly #programming: Histogram<'ip_family'>;
  readonly #services: Counter;
  readonly #endpoints: Counter<'ip_family'>;
  readonly #answers: Readonly<Record<'healthz' | 'livez', Counter<'code'>>>;
  readonly #deletedFlows: Counter<'ip_family'>;
  readonly #flowsSeconds: Histogram<'ip_family'>;
  readonly #rules: Gauge<'ip_family' | 'table'> | undefined;
  readonly #written: Gauge<'ip_family' | 'table'> | undefined;

  constructor(registry: Registry, mode: string, figures: () => ProxyFigures) {
    const registers = [registry];
    const labelNames = ['ip_family'] as const;
    const histogram = (name: string, help: string, buckets: number[]): Histogram<'ip_family'> => new Histogram({ name, help, buckets, labelNames, registers });
    this.#all = histogram('kubeproxy_sync_proxy_rules_duration_seconds', 'SyncProxyRules latency in seconds.', syncBuckets);
    this.#full = histogram('kubeproxy_sync_full_proxy_rules_duration_seconds', 'SyncProxyRules latency in seconds for full resyncs.', syncBuckets);
    this.#partial = histogram('kubeproxy_sync_partial_proxy_rules_duration_seconds', 'SyncProxyRules latency in seconds for partial resyncs.', syncBuckets);
    this.#programming = histogram('kubeproxy_network_programming_duration_seconds', 'From the change of a pod or Service to rules in force, by the time in EndpointSlices.', programmingBuckets);
    this.#last = new Gauge({ name: 'kubeproxy_sync_proxy_rules_last_timestamp_seconds', help: 'The last time proxy rules were successfully synced.', labelNames, registers });
    this.#queued = new Gauge({ name: 'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds', help: 'The last time a sync of proxy rules was queued.', labelNames, registers });
    this.#failures = new Counter({ name: failureNames[mode] ?? 'kubeproxy_sync_proxy_rules_failures_total', help: 'Syncs that the kernel refused.', labelNames, registers });
    this.#services = new Counter({ name: 'kubeproxy_sync_proxy_rules_service_changes_total', help: 'Cumulative proxy rules Service changes.', registers });
    this.#endpoints = new Counter({ name: 'kubeproxy_sync_proxy_rules_endpoint_changes_total', help: 'Cumulative proxy rules Endpoint changes.', registers });
    this.#deletedFlows = new Counter({
      name: 'kubeproxy_conntrack_reconciler_deleted_entries_total',
      help: 'Flows of UDP and SCTP that were ended because their endpoint is gone.',
      labelNames,
      registers,
    });
    this.#flowsSeconds = histogram('kubeproxy_conntrack_reconciler_sync_duration_seconds', 'Latency in seconds of looking for flows whose endpoint is gone.', syncBuckets);
    if (mode === 'iptables') {
      const tables = (name: string, help: string): Gauge<'ip_family' | 'table'> =>
        new Gauge({ name: `kubeproxy_sync_proxy_rules_iptables_${name}`, help, labelNames: ['ip_family', 'table'], registers });
      this.#rules = tables('total', 'Total number of iptables rules owned by kube-proxy.');
      this.#written = tables('last', 'Number of iptables rules written by kube-proxy in last sync.');
    }
    const answers = (path: string): Counter<'code'> => new Counter({ name: `kubeproxy_proxy_${path}_total`, help: `Cumulative proxy ${path} HTTP status.`, labelNames: ['code'], registers });
    this.#answers = { healthz: answers('healthz'), livez: answers('livez') };
    const gauge = <L extends string>(name: string, help: string, labels: readonly L[], set: (gauge: Gauge<L>, now: ProxyFigures) => void): void => {
      const made: Gauge<L> = new Gauge({ name, help, labelNames: labels, registers, collect: () => set(made, figures()) });
    };
    gauge('kubeproxy_sync_proxy_rules_service_changes_pending', 'Pending proxy rules Service changes.', [], (one, { pending }) => one.set(pending.services));
    gauge('kubeproxy_sync_proxy_rules_endpoint_changes_pending', 'Pending proxy rules Endpoint changes.', [], (one, { pending }) => one.set(pending.endpoints));
    gauge('kubeproxy_sync_proxy_rules_no_local_endpoints_total', 'Number of services with a Local traffic policy and no endpoints.', ['ip_family', 'traffic_policy'], (one, { noLocalEndpoints }) => {
      for (const { family, policy, count } of noLocalEndpoints) one.set({ ip_family: family, traffic_policy: policy }, count);
    });
  }

  synced(family: IpFamily, seconds: number, full: boolean): void {
    for (const histogram of [this.#all, full ? this.#full : this.#partial]) histogram.observe({ ip_family: family }, seconds);
    this.#last.setToCurrentTime({ ip_family: family });
  }

  failed(family: IpFamily): void {
    this.#failures.inc({ ip_family: family });
  }

  rules(family: IpFamily, table: string, total: number, written: number): void {
    this.#rules?.set({ ip_family: family, table }, total);
    this.#written?.set({ ip_family: family, table }, written);
  }

  queued(families: readonly IpFamily[]): void {
    for (const family of families) this.#queued.setToCurrentTime({ ip_family: family });
  }

  changed(what: 'service' | 'endpoints'): void {
    (what === 'service' ? this.#services : this.#endpoints).inc();
  }

  programmed(family: IpFamily, seconds: number): void {
    this.#programming.observe({ ip_family: family }, seconds);
  }

  answered(path: 'healthz' | 'livez', code: number): void {
    this.#answers[path].inc({ code: String(code) });
  }

  flowsEnded(family: IpFamily, count: number): void {
    this.#deletedFlows.inc({ ip_family: family }, count);
  }

  flowsReconciled(family: IpFamily, seconds: number): void {
    this.#flowsSeconds.observe({ ip_family: family }, seconds);
  }
}
