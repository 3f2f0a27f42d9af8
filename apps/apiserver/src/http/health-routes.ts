import type { HealthChecks, HealthEndpoint, Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { Exchange } from './exchange';
import type { PathRoutes } from './path-routes';
import { send, sendPathNotFound } from './respond';

const TEXT = 'text/plain; charset=utf-8';

/** `/healthz`, `/livez`, `/readyz`, each with `?verbose`, `?exclude=` and `/<check>`, `/metrics` and `/metrics/slis`. */
export class HealthRoutes {
  constructor(private readonly deps: { readonly checks: HealthChecks; readonly metrics: Registry; readonly log: Logger }) {}

  register(routes: PathRoutes): void {
    for (const endpoint of ['healthz', 'livez', 'readyz'] as const) {
      routes.at(`/${endpoint}`, (exchange) => this.all(exchange, endpoint));
      routes.under(`/${endpoint}/`, (exchange) => this.one(exchange, endpoint, exchange.info.path.slice(endpoint.length + 2)));
    }
    const { metrics, checks: { slis } } = this.deps;
    for (const [path, registry] of [['/metrics', metrics], ['/metrics/slis', slis]] as const) routes.at(path, async (exchange) => send(exchange, 200, registry.contentType, await registry.metrics()));
  }

  private async all(exchange: Exchange, endpoint: HealthEndpoint): Promise<void> {
    const { query } = exchange;
    const report = await this.deps.checks.report(endpoint, { verbose: query.has('verbose'), exclude: query.getAll('exclude') });
    for (const { name, error } of report.failures) this.deps.log.info({ check: name, err: error, endpoint }, 'health check failed');
    exchange.response.setHeader('X-Content-Type-Options', 'nosniff');
    await send(exchange, report.healthy ? 200 : 500, TEXT, report.body);
  }

  private async one(exchange: Exchange, endpoint: HealthEndpoint, name: string): Promise<void> {
    const report = await this.deps.checks.reportOne(endpoint, name);
    if (report) await send(exchange, report.healthy ? 200 : 500, TEXT, report.body);
    else await sendPathNotFound(exchange);
  }
}
