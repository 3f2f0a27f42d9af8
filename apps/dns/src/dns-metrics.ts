import { Counter, Histogram, type Registry } from 'prom-client';

const codes: Readonly<Record<number, string>> = { 0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED' };

/** Metrics by CoreDNS' names, which dashboards for Kubernetes expect. */
export class DnsMetrics {
  readonly #requests: Counter<'proto'>;
  readonly #responses: Counter<'rcode'>;
  readonly #duration: Histogram;
  readonly #malformed: Counter<'proto'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({ name: 'coredns_dns_requests_total', help: 'Queries, by transport.', labelNames: ['proto'], registers });
    this.#responses = new Counter({ name: 'coredns_dns_responses_total', help: 'Answers, by code.', labelNames: ['rcode'], registers });
    this.#duration = new Histogram({ name: 'coredns_dns_request_duration_seconds', help: 'From query to answer.', buckets: [0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048], registers });
    this.#malformed = new Counter({ name: 'navarch_dns_malformed_total', help: 'Packets that are no DNS.', labelNames: ['proto'], registers });
    for (const proto of ['udp', 'tcp']) this.#requests.inc({ proto }, 0);
  }

  answered(proto: string, code: number, seconds: number): void {
    this.#requests.inc({ proto });
    this.#responses.inc({ rcode: codes[code] ?? String(code) });
    this.#duration.observe(seconds);
  }

  malformed(proto: string): void {
    this.#malformed.inc({ proto });
  }
}
