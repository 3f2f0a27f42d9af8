import { isApiError } from '@navarch/apimachinery';
import { type HistogramSeries, type NumberSeries, SeriesCounter, SeriesHistogram } from '@navarch/component-base';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { InFlightLimit } from '../pipeline/in-flight-limit';
import { isDeprecated } from '../registry/deprecations';
import type { ResourceStore } from '../registry/resource-store';
import type { Exchange } from './exchange';

const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const SLI_BUCKETS = BUCKETS.filter((seconds) => seconds !== 0.005 && seconds !== 0.025);
/** A thousand bytes, ten times as much six times over: upstream's. */
const SIZE_BUCKETS = Array.from({ length: 7 }, (_, power) => 1000 * 10 ** power);

/** From 50 kB by 100 kB up to what a body may have: upstream's. */
const BODY_BUCKETS = Array.from({ length: 31 }, (_, nth) => 50_000 + 100_000 * nth);
/** What bodies are counted of, as upstream calls it there. */
const BODY_VERBS: Readonly<Record<string, string>> = { create: 'create', update: 'update', patch: 'patch', delete: 'delete', deletecollection: 'delete_collection' };

type Labels = Readonly<Record<'component' | 'group' | 'resource' | 'scope' | 'subresource' | 'verb' | 'version', string>>;

interface Series {
  readonly total: NumberSeries;
  readonly duration: HistogramSeries;
  /** Undefined for what lasts by its nature. */
  readonly sli: HistogramSeries | undefined;
  readonly size: HistogramSeries | undefined;
  /** Undefined for what is no object, or has no body. */
  readonly body: HistogramSeries | undefined;
}

const CONNECTS = new Set(['exec', 'attach', 'portforward', 'proxy']);
const METHODS: Readonly<Record<string, string>> = { create: 'POST', update: 'PUT' };
const KNOWN_METHODS = new Set(['APPLY', 'CONNECT', 'DELETE', 'DELETECOLLECTION', 'GET', 'LIST', 'PATCH', 'POST', 'PUT', 'WATCH']);

/** Verbs by upstream's names, which are those of HTTP where there are such. */
function verbOf({ info, request }: Exchange): string {
  if (info.isResource && CONNECTS.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'patch' && request.headers['content-type']?.startsWith('application/apply-patch') === true) return 'APPLY';
  const verb = METHODS[info.verb] ?? info.verb.toUpperCase();
  if (verb === 'HEAD') return 'GET';
  return KNOWN_METHODS.has(verb) ? verb : 'other';
}

function scopeOf({ info }: Exchange): string {
  if (!info.isResource) return '';
  if (info.name !== '' || info.verb === 'create') return 'resource';
  return info.namespace !== '' ? 'namespace' : 'cluster';
}

/** Unknown paths and resources must not make new series. */
function labelsOf(exchange: Exchange): Labels {
  const { group, version, resource, subresource } = exchange.isServed ? exchange.info : { group: '', version: '', resource: '', subresource: '' };
  return { verb: verbOf(exchange), group, version, resource, subresource, scope: exchange.isServed ? scopeOf(exchange) : '', component: 'apiserver' };
}

/** What the query asks to be dry. */
function dryRunOf({ query }: Exchange): string {
  const asked = query.getAll('dryRun').filter((value) => value !== '');
  if (asked.length === 0) return '';
  return asked.every((value) => value === 'All') ? 'All' : 'invalid';
}

/** Requests by upstream's metric names. */
export class RequestMetrics {
  private readonly total: SeriesCounter;
  private readonly duration: SeriesHistogram;
  private readonly sli: SeriesHistogram;
  private readonly size: SeriesHistogram;
  private readonly body: SeriesHistogram;
  private readonly terminations: Counter;
  private readonly aborts: Counter;
  private readonly late: Counter;
  private readonly lasting: Gauge;
  private readonly deprecated: Gauge;
  private readonly series = new Map<string, Series>();

  constructor(registry: Registry, inFlight: InFlightLimit, stores: () => Iterable<ResourceStore>) {
    const labelNames = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
    const registers = [registry];
    this.total = new SeriesCounter({ name: 'apiserver_request_total', help: 'Requests by verb, resource and code.', labelNames: [...labelNames, 'dry_run', 'code'], registers });
    this.duration = new SeriesHistogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency by verb and resource.',
      labelNames: [...labelNames, 'dry_run'],
      buckets: BUCKETS,
      registers,
    });
    this.sli = new SeriesHistogram({
      name: 'apiserver_request_sli_duration_seconds',
      help: 'Response latency by verb and resource, without watches and connections.',
      labelNames,
      buckets: SLI_BUCKETS,
      registers,
    });
    this.size = new SeriesHistogram({ name: 'apiserver_response_sizes', help: 'Bytes of answers to gets and lists.', labelNames, buckets: SIZE_BUCKETS, registers });
    this.body = new SeriesHistogram({ name: 'apiserver_request_body_size_bytes', help: 'Bytes of the bodies of requests.', labelNames: ['group', 'resource', 'verb'], buckets: BODY_BUCKETS, registers });
    this.terminations = new Counter({ name: 'apiserver_request_terminations_total', help: 'Requests that the server ended to save itself.', labelNames: [...labelNames, 'code'], registers });
    this.aborts = new Counter({
      name: 'apiserver_request_aborts_total',
      help: 'Requests whose answer was cut off.',
      labelNames: ['verb', 'group', 'version', 'resource', 'subresource', 'scope'],
      registers,
    });
    this.late = new Counter({ name: 'apiserver_request_post_timeout_total', help: 'Requests that went on after their time, by how they ended.', labelNames: ['source', 'status'], registers });
    this.lasting = new Gauge({ name: 'apiserver_longrunning_requests', help: 'Watches and connections being served.', labelNames, registers });
    this.deprecated = new Gauge({
      name: 'apiserver_requested_deprecated_apis',
      help: 'Kinds on their way out that were asked for.',
      labelNames: ['group', 'version', 'resource', 'subresource', 'removed_release'],
      registers,
    });
    new Gauge({
      name: 'apiserver_current_inflight_requests', help: 'Requests being served, by kind.', labelNames: ['request_kind'], registers,
      collect() {
        this.set({ request_kind: 'readOnly' }, inFlight.current.readOnly);
        this.set({ request_kind: 'mutating' }, inFlight.current.mutating);
      },
    });
    new Gauge({
      name: 'apiserver_resource_objects', help: 'Objects of each resource.', labelNames: ['group', 'resource'], registers,
      collect() {
        for (const { definition: { group, resource }, objects } of stores()) if (objects.isReady) this.set({ group, resource }, objects.size);
      },
    });
    new Gauge({
      name: 'apiserver_storage_objects', help: 'The same, as it was called before.', labelNames: ['resource'], registers,
      collect() {
        for (const { definition: { group, resource }, objects } of stores()) if (objects.isReady) this.set({ resource: group === '' ? resource : `${resource}.${group}` }, objects.size);
      },
    });
  }

  observe(exchange: Exchange): void {
    const { info, status, isServed, query } = exchange;
    const dryRun = query.size === 0 ? '' : dryRunOf(exchange);
    const verb = verbOf(exchange);
    const key = isServed ? `${verb}|${info.group}|${info.version}|${info.resource}|${info.subresource}|${scopeOf(exchange)}|${dryRun}|${status}` : `${verb}|${status}`;
    let series = this.series.get(key);
    if (!series) {
      series = this.seriesOf(labelsOf(exchange), dryRun, String(status), BODY_VERBS[info.verb]);
      this.series.set(key, series);
      const { group, version, resource, subresource } = info;
      if (isServed && isDeprecated(info)) this.deprecated.set({ group, version, resource, subresource, removed_release: '' }, 1);
    }
    const seconds = (performance.now() - exchange.startedAt) / 1000;
    series.total.inc();
    series.duration.observe(seconds);
    series.sli?.observe(seconds);
    series.size?.observe(exchange.bytesWritten);
    if (exchange.bytesRead > 0) series.body?.observe(exchange.bytesRead);
    if (status === 429 || (status === 504 && exchange.refusal?.reason === 'Timeout')) this.terminations.inc({ ...labelsOf(exchange), code: String(status) });
    if (!series.sli || !exchange.response.destroyed || exchange.response.writableFinished) return;
    const { group, version, resource, subresource, scope } = labelsOf(exchange);
    this.aborts.inc({ verb, group, version, resource, subresource, scope });
  }

  /** Counts a watch or connection until what is answered is called. */
  longRunning(exchange: Exchange): () => void {
    const labels = labelsOf(exchange);
    this.lasting.inc(labels);
    return () => this.lasting.dec(labels);
  }

  /** A request that had been answered with a timeout has come to its end. */
  endedLate(error: unknown): void {
    this.late.inc({ source: 'timeout-handler', status: error === undefined ? 'ok' : isApiError(error) ? 'error' : 'panic' });
  }

  private seriesOf(labels: Labels, dryRun: string, code: string, bodyVerb: string | undefined): Series {
    const lasts = labels.verb === 'WATCH' || labels.verb === 'CONNECT';
    const read = labels.verb === 'GET' || labels.verb === 'LIST';
    return {
      total: this.total.labels({ ...labels, dry_run: dryRun, code }), duration: this.duration.labels({ ...labels, dry_run: dryRun }),
      sli: lasts ? undefined : this.sli.labels(labels), size: read ? this.size.labels(labels) : undefined,
      body: bodyVerb !== undefined && labels.resource !== '' ? this.body.labels({ group: labels.group, resource: labels.resource, verb: bodyVerb }) : undefined,
    };
  }
}
