import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

type Label = 'method' | 'path' | 'server_type' | 'long_running';
const labelNames = ['method', 'path', 'server_type', 'long_running'] as const;

/** The first word of each path that is served: others share a label, so that callers cannot make new series. */
const served: ReadonlySet<string> = new Set(['attach', 'checkpoint', 'configz', 'containerLogs', 'exec', 'healthz', 'logs', 'metrics', 'pods', 'portForward', 'run', 'runningpods', 'stats']);
const longRunning: ReadonlySet<string> = new Set(['exec', 'attach', 'portForward']);

/** What the kubelet's HTTPS is asked, by upstream's names (pkg/kubelet/server/metrics). */
export class HttpMetrics {
  readonly #requests: Counter<Label>;
  readonly #seconds: Histogram<Label>;
  readonly #inFlight: Gauge<Label>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({ name: 'kubelet_http_requests_total', help: 'Number of the http requests received since the server started', labelNames, registers });
    this.#seconds = new Histogram({
      name: 'kubelet_http_requests_duration_seconds',
      help: 'Duration in seconds to serve http requests',
      labelNames,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#inFlight = new Gauge({ name: 'kubelet_http_inflight_requests', help: 'Number of the inflight http requests', labelNames, registers });
  }

  /** A request has come; returns what is to be called when it is over. */
  began(method: string, pathname: string): () => void {
    const [first = '', second = ''] = pathname.replace(/^\/+/, '').split('/');
    const path = !served.has(first) ? 'other' : first === 'metrics' && second !== '' ? metricsPath(second) : first;
    const labels = { method, path, server_type: 'readwrite', long_running: String(longRunning.has(first)) };
    this.#requests.inc(labels);
    this.#inFlight.inc(labels);
    const end = this.#seconds.startTimer(labels);
    return () => {
      this.#inFlight.dec(labels);
      end();
    };
  }
}

function metricsPath(page: string): string {
  return ['cadvisor', 'probes', 'resource', 'slis'].includes(page) ? `metrics/${page}` : 'other';
}
