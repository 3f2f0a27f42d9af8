import { Counter, Gauge, Registry } from 'prom-client';

/** Which question a check answers: alive (restart me if not), ready (send me no work if not). */
export type HealthEndpoint = 'healthz' | 'livez' | 'readyz';

/** Throws, or rejects, when unhealthy. */
export type HealthCheck = () => void | Promise<void>;

export interface HealthReport {
  readonly healthy: boolean;
  /** In upstream's format; reasons stay in the log. */
  readonly body: string;
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
}

export interface ReportOptions {
  readonly verbose?: boolean;
  readonly exclude?: readonly string[];
}

interface NamedCheck {
  readonly name: string;
  readonly endpoints: ReadonlySet<HealthEndpoint>;
  readonly check: HealthCheck;
}

const EVERYWHERE: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz'];

/** The named checks behind /healthz, /livez and /readyz, answered as upstream answers them. */
export class HealthChecks {
  /** What came of each check, for /metrics/slis: by upstream's names (component-base/metrics/prometheus/slis). */
  readonly slis = new Registry();
  readonly #result = new Gauge({ name: 'kubernetes_healthcheck', help: 'Whether a check was well when it was last asked.', labelNames: ['name', 'type'], registers: [this.slis] });
  readonly #results = new Counter({ name: 'kubernetes_healthchecks_total', help: 'How often a check was asked, by what came of it.', labelNames: ['name', 'type', 'status'], registers: [this.slis] });
  readonly #checks: NamedCheck[] = [{ name: 'ping', endpoints: new Set(EVERYWHERE), check: () => undefined }];

  /** Adds a check; returns a function that removes it. */
  add(name: string, check: HealthCheck, endpoints: readonly HealthEndpoint[] = EVERYWHERE): () => void {
    const entry: NamedCheck = { name, endpoints: new Set(endpoints), check };
    this.#checks.push(entry);
    return () => {
      const at = this.#checks.indexOf(entry);
      if (at >= 0) this.#checks.splice(at, 1);
    };
  }

  /** Adds a check of readiness only. */
  addReady(name: string, check: HealthCheck): () => void {
    return this.add(name, check, ['readyz']);
  }

  async report(endpoint: HealthEndpoint, options: ReportOptions = {}): Promise<HealthReport> {
    const excluded = new Set(options.exclude);
    const lines: string[] = [];
    const failures: { name: string; error: unknown }[] = [];
    for (const { name, endpoints, check } of [...this.#checks]) {
      if (!endpoints.has(endpoint)) continue;
      if (excluded.delete(name)) {
        lines.push(`[+]${name} excluded: ok`);
        continue;
      }
      try {
        await check();
        this.#note(name, endpoint, true);
        lines.push(`[+]${name} ok`);
      } catch (error) {
        this.#note(name, endpoint, false);
        failures.push({ name, error });
        lines.push(`[-]${name} failed: reason withheld`);
      }
    }
    if (excluded.size > 0) {
      const names = [...excluded].map((name) => JSON.stringify(name)).join(', ');
      lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
    }
    if (failures.length > 0) return { healthy: false, body: `${lines.join('\n')}\n${endpoint} check failed\n`, failures };
    return { healthy: true, body: options.verbose ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok', failures };
  }

  #note(name: string, type: HealthEndpoint, isWell: boolean): void {
    this.#result.set({ name, type }, isWell ? 1 : 0);
    this.#results.inc({ name, type, status: isWell ? 'success' : 'error' });
  }

  /** The answer of one check, as at /readyz/NAME; undefined when there is no such check. */
  async reportOne(endpoint: HealthEndpoint, name: string): Promise<HealthReport | undefined> {
    const found = this.#checks.find((check) => check.name === name && check.endpoints.has(endpoint));
    if (!found) return undefined;
    try {
      await found.check();
      this.#note(name, endpoint, true);
      return { healthy: true, body: 'ok', failures: [] };
    } catch (error) {
      this.#note(name, endpoint, false);
      return { healthy: false, body: `internal server error: ${name} check failed: reason withheld\n`, failures: [{ name, error }] };
    }
  }
}
