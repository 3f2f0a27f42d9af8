import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { InFlightLimit } from '../pipeline/in-flight-limit';
import type { ResourceStore } from '../registry/resource-store';
import type { Exchange } from './exchange';

const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

interface Series {
  readonly total: ReturnType<Counter['labels']>;
  readonly duration: ReturnType<Histogram['labels']>;
}

const scopeOf = ({ info }: Exchange): string => (!info.isResource ? '' : info.name !== '' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster');

/** Requests by upstream's metric names. */
export class RequestMetrics {
  private readonly total: Counter;
  private readonly duration: Histogram;
  private readonly series = new Map<string, Series>();

  constructor(registry: Registry, inFlight: InFlightLimit, watchers: () => number, stores: () => Iterable<ResourceStore>) {
    const labels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
    this.total = new Counter({ name: 'apiserver_request_total', help: 'Requests by verb, resource and code.', labelNames: [...labels, 'code'], registers: [registry] });
    this.duration = new Histogram({ name: 'apiserver_request_duration_seconds', help: 'Response latency by verb and resource; watches and connections excluded.', labelNames: labels, buckets: BUCKETS, registers: [registry] });
    new Gauge({
      name: 'apiserver_current_inflight_requests', help: 'Requests being served, by kind.', labelNames: ['request_kind'], registers: [registry],
      collect() {
        this.set({ request_kind: 'readOnly' }, inFlight.current.readOnly);
        this.set({ request_kind: 'mutating' }, inFlight.current.mutating);
      },
    });
    new Gauge({
      name: 'apiserver_resource_objects', help: 'Objects of each resource.', labelNames: ['group', 'resource'], registers: [registry],
      collect() {
        for (const { definition: { group, resource }, objects } of stores()) if (objects.isReady) this.set({ group, resource }, objects.size);
      },
    });
    new Gauge({
      name: 'apiserver_longrunning_requests', help: 'Watches being served.', labelNames: ['verb'], registers: [registry],
      collect() {
        this.set({ verb: 'WATCH' }, watchers());
      },
    });
  }

  observe(exchange: Exchange): void {
    const { info, status } = exchange;
    // Unknown paths and resources must not make new series.
    const known = status !== 404;
    const resource = known ? info.resource : '';
    const scope = known ? scopeOf(exchange) : '';
    const key = known ? `${info.verb}|${info.group}|${info.version}|${resource}|${info.subresource}|${scope}|${status}` : `${info.verb}|404`;
    let series = this.series.get(key);
    if (!series) {
      const labels = {
        verb: info.verb.toUpperCase(), dry_run: '', group: known ? info.group : '', version: known ? info.version : '', resource, subresource: known ? info.subresource : '', scope, component: 'apiserver',
      };
      series = { total: this.total.labels({ ...labels, code: String(status) }), duration: this.duration.labels(labels) };
      this.series.set(key, series);
    }
    series.total.inc();
    if (info.verb !== 'watch') series.duration.observe((performance.now() - exchange.startedAt) / 1000);
  }
}
