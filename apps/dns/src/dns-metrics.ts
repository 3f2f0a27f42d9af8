import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const codes: Readonly<Record<number, string>> = { 0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED' };

/** As CoreDNS does: types that nobody counts share a label. */
const counted: ReadonlySet<string> = new Set(['A', 'AAAA', 'SRV', 'PTR', 'TXT', 'CNAME', 'MX', 'NS', 'SOA', 'ANY', 'HTTPS']);

/** Metrics by CoreDNS' names, which dashboards for Kubernetes expect. */
export class DnsMetrics {
  readonly #requests: Counter<'proto' | 'type'>;
  readonly #responses: Counter<'rcode'>;
  readonly #duration: Histogram;
  readonly #malformed: Counter<'proto'>;
  readonly #hits: Counter;
  readonly #misses: Counter;
  readonly #forwards: Counter<'to' | 'result'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({ name: 'coredns_dns_requests_total', help: 'Queries, by transport and type.', labelNames: ['proto', 'type'], registers });
    this.#responses = new Counter({ name: 'coredns_dns_responses_total', help: 'Answers, by code.', labelNames: ['rcode'], registers });
    this.#duration = new Histogram({ name: 'coredns_dns_request_duration_seconds', help: 'From query to answer.', buckets: [0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048], registers });
    this.#malformed = new Counter({ name: 'navarch_dns_malformed_total', help: 'Packets that are no DNS.', labelNames: ['proto'], registers });
    this.#hits = new Counter({ name: 'coredns_cache_hits_total', help: 'Answers of other servers that were still known.', registers });
    this.#misses = new Counter({ name: 'coredns_cache_misses_total', help: 'Questions for other servers that had to be asked.', registers });
    this.#forwards = new Counter({ name: 'coredns_forward_requests_total', help: 'Questions to other servers, by server and whether it answered.', labelNames: ['to', 'result'], registers });
    for (const proto of ['udp', 'tcp']) for (const type of ['A', 'AAAA', 'SRV', 'PTR', 'other']) this.#requests.inc({ proto, type }, 0);
  }

  /** Shows how many answers of other servers are kept. */
  watchCache(registry: Registry, entries: () => number): void {
    new Gauge({
      name: 'coredns_cache_entries', help: 'Answers of other servers that are kept.', registers: [registry],
      collect() {
        this.set(entries());
      },
    });
  }

  answered(proto: string, type: string, code: number, seconds: number): void {
    this.#requests.inc({ proto, type: counted.has(type) ? type : 'other' });
    this.#responses.inc({ rcode: codes[code] ?? String(code) });
    this.#duration.observe(seconds);
  }

  cacheHit(): void {
    this.#hits.inc();
  }

  cacheMiss(): void {
    this.#misses.inc();
  }

  forwarded(to: string, answered: boolean): void {
    this.#forwards.inc({ to, result: answered ? 'answered' : 'silent' });
  }

  malformed(proto: string): void {
    this.#malformed.inc({ proto });
  }
}
