import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import { PlainHistogram, registerSeries } from './plain-histogram';

const codes: Readonly<Record<number, string>> = { 0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED' };

/** As CoreDNS does: types that nobody counts share a label. */
const counted: ReadonlySet<string> = new Set(['A', 'AAAA', 'SRV', 'PTR', 'TXT', 'CNAME', 'MX', 'NS', 'SOA', 'ANY', 'HTTPS']);

/** There is one server, for all names, as in the Corefile that Kubernetes ships. */
const where = { server: 'dns://:53', zone: '.', view: '' } as const;
const cacheWhere = { server: 'dns://:53', zones: '.', view: '' } as const;
type Where = 'server' | 'zone' | 'view';
const whereNames = ['server', 'zone', 'view'] as const;
const cacheNames = ['server', 'zones', 'view'] as const;
/** CoreDNS' buckets of packets. */
const bytes = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000];
const seconds = [0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048];

export type Proto = 'udp' | 'tcp';
/** CoreDNS' words for the client's address family: 1 is IPv4. */
export type Family = '1' | '2';

/** One question, and how it was answered. */
export interface Exchange {
  readonly proto: Proto;
  readonly family: Family;
  readonly type: string;
  readonly code: number;
  readonly plugin: Plugin;
  readonly queryBytes: number;
  readonly answerBytes: number;
  readonly seconds: number;
}
/** CoreDNS' name of who answered: the cluster's own names, or other servers; empty where nobody could. */
export type Plugin = 'kubernetes' | 'forward' | '';

/** Metrics by CoreDNS' names and labels, which dashboards for Kubernetes expect. */
export class DnsMetrics {
  readonly #duration: PlainHistogram;
  readonly #queryBytes: Readonly<Record<Proto, PlainHistogram>>;
  readonly #answerBytes: Readonly<Record<Proto, PlainHistogram>>;
  readonly #programmed: Histogram<'service_kind'>;
  readonly #panics: Counter;
  readonly #signed: Counter.Internal;
  readonly #cacheRequests: Counter.Internal;
  readonly #evictions: Counter<'server' | 'zones' | 'view' | 'type'>;
  readonly #malformed: Counter<'proto'>;
  readonly #hits: Counter<'server' | 'zones' | 'view' | 'type'>;
  readonly #misses: Counter.Internal;
  readonly #proxied: Histogram<'proxy_name' | 'to' | 'rcode'>;
  /** Plain numbers until somebody asks: to look a series up by its labels costs as much as an answer. */
  readonly #answered = new Map<string, { readonly proto: Proto; readonly family: Family; readonly type: string; readonly code: number; readonly plugin: Plugin; count: number }>();

  constructor(registry: Registry) {
    const registers = [registry];
    const requests: Counter<Where | 'proto' | 'family' | 'type'> = new Counter({
      name: 'coredns_dns_requests_total', help: 'Queries, by transport and type.', labelNames: [...whereNames, 'proto', 'family', 'type'], registers,
      collect: () => {
        requests.reset();
        for (const proto of ['udp', 'tcp'] as const) for (const type of ['A', 'AAAA', 'SRV', 'PTR', 'other']) requests.inc({ ...where, proto, family: '1', type }, 0);
        for (const { proto, family, type, count } of this.#answered.values()) requests.inc({ ...where, proto, family, type }, count);
      },
    });
    const responses: Counter<Where | 'rcode' | 'plugin'> = new Counter({
      name: 'coredns_dns_responses_total', help: 'Answers, by code and who gave them.', labelNames: [...whereNames, 'rcode', 'plugin'], registers,
      collect: () => {
        responses.reset();
        for (const { code, plugin, count } of this.#answered.values()) responses.inc({ ...where, rcode: codes[code] ?? String(code), plugin }, count);
      },
    });
    this.#duration = new PlainHistogram({ name: 'coredns_dns_request_duration_seconds', help: 'From query to answer.', labels: where, buckets: seconds });
    registerSeries([this.#duration], registry);
    const sizes = (name: string, help: string): Record<Proto, PlainHistogram> => {
      const of = (proto: Proto): PlainHistogram => new PlainHistogram({ name, help, labels: { ...where, proto }, buckets: bytes });
      const both = { udp: of('udp'), tcp: of('tcp') };
      registerSeries([both.udp, both.tcp], registry);
      return both;
    };
    this.#queryBytes = sizes('coredns_dns_request_size_bytes', 'Sizes of queries.');
    this.#answerBytes = sizes('coredns_dns_response_size_bytes', 'Sizes of answers.');
    this.#programmed = new Histogram({
      name: 'coredns_kubernetes_dns_programming_duration_seconds',
      help: 'From a change of pods to their names.',
      labelNames: ['service_kind'],
      buckets: exponentialBuckets(0.001, 2, 20),
      registers,
    });
    this.#panics = new Counter({ name: 'coredns_panics_total', help: 'Queries that failed by a fault of this server.', registers });
    this.#signed = new Counter({ name: 'coredns_dns_do_requests_total', help: 'Queries that ask for signatures.', labelNames: whereNames, registers }).labels(where);
    this.#cacheRequests = new Counter({ name: 'coredns_cache_requests_total', help: 'Questions for other servers.', labelNames: cacheNames, registers }).labels(cacheWhere);
    this.#evictions = new Counter({ name: 'coredns_cache_evictions_total', help: 'Answers that went because there was no room for more.', labelNames: [...cacheNames, 'type'], registers });
    this.#malformed = new Counter({ name: 'navarch_dns_malformed_total', help: 'Packets that are no DNS.', labelNames: ['proto'], registers });
    this.#hits = new Counter({ name: 'coredns_cache_hits_total', help: 'Answers of other servers that were still known.', labelNames: [...cacheNames, 'type'], registers });
    this.#misses = new Counter({ name: 'coredns_cache_misses_total', help: 'Questions for other servers that had to be asked.', labelNames: cacheNames, registers }).labels(cacheWhere);
    this.#proxied = new Histogram({
      name: 'coredns_proxy_request_duration_seconds',
      help: 'Questions to other servers, by server and answer.',
      labelNames: ['proxy_name', 'to', 'rcode'],
      buckets: seconds,
      registers,
    });
    for (const counter of [this.#misses, this.#signed, this.#cacheRequests]) counter.inc(0);
  }

  /** Shows how many answers of other servers are kept. */
  watchCache(registry: Registry, entries: () => { readonly success: number; readonly denial: number }): void {
    const gauge: Gauge<'server' | 'zones' | 'view' | 'type'> = new Gauge({
      name: 'coredns_cache_entries', help: 'Answers of other servers that are kept.', labelNames: [...cacheNames, 'type'], registers: [registry],
      collect: () => {
        for (const [type, count] of Object.entries(entries())) gauge.set({ ...cacheWhere, type }, count);
      },
    });
  }

  answered({ proto, family, type, code, plugin, queryBytes, answerBytes, seconds: took }: Exchange): void {
    const shown = counted.has(type) ? type : 'other';
    const key = `${proto} ${family} ${shown} ${code} ${plugin}`;
    const known = this.#answered.get(key);
    if (known === undefined) this.#answered.set(key, { proto, family, type: shown, code, plugin, count: 1 });
    else known.count++;
    this.#duration.observe(took);
    this.#queryBytes[proto].observe(queryBytes);
    this.#answerBytes[proto].observe(answerBytes);
  }

  /** The names of pods follow a change. */
  programmed(seconds: number): void {
    this.#programmed.observe({ service_kind: 'headless_with_selector' }, seconds);
  }

  /** A query asked for signatures (RFC 3225). */
  askedForSignatures(): void {
    this.#signed.inc();
  }

  /** What CoreDNS would have recovered from. */
  panicked(): void {
    this.#panics.inc();
  }

  evicted(type: 'success' | 'denial'): void {
    this.#evictions.inc({ ...cacheWhere, type });
  }

  cacheHit(type: 'success' | 'denial'): void {
    this.#cacheRequests.inc();
    this.#hits.inc({ ...cacheWhere, type });
  }

  cacheMiss(): void {
    this.#cacheRequests.inc();
    this.#misses.inc();
  }

  /** `code` is undefined where no answer came. */
  forwarded(to: string, code: number | undefined, took: number): void {
    this.#proxied.observe({ proxy_name: 'forward', to, rcode: code === undefined ? 'TIMEOUT' : (codes[code] ?? String(code)) }, took);
  }

  malformed(proto: Proto): void {
    this.#malformed.inc({ proto });
  }
}
