import { Counter, Histogram, type Registry } from 'prom-client';

/** What passed through. */
export class IngressMetrics {
  readonly #requests: Counter<'code'>;
  readonly #duration: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({ name: 'ingress_requests_total', help: 'Requests, by the code of the answer.', labelNames: ['code'], registers });
    this.#duration = new Histogram({
      name: 'ingress_request_duration_seconds',
      help: 'From request to the end of the answer.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#requests.inc({ code: '200' }, 0);
  }

  answered(code: number, seconds: number): void {
    this.#requests.inc({ code: String(code) });
    this.#duration.observe(seconds);
  }
}
