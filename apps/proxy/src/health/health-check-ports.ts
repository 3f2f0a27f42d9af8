import { createServer, type Server } from 'node:http';
import type { Component, Logger } from '@navarch/component-base';

/** What a load balancer that asks is told of one Service. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly localEndpoints: number;
}

/**
 * Answers load balancers on the health check ports of Services whose traffic must stay on the node: 200 where this node has
 * endpoints, 503 where it has none, in upstream's words.
 */
export class HealthCheckPorts implements Component {
  readonly name = 'health-check-ports';
  readonly #servers = new Map<number, { server: Server; health: ServiceHealth }>();

  constructor(private readonly options: { /** All addresses unless given: those who ask are balancers elsewhere. */ readonly host?: string }, private readonly deps: { readonly proxyHealthy: () => boolean; readonly log: Pick<Logger, 'warn'>; readonly onFailure?: (health: ServiceHealth, error: Error) => void }) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.update([]);
  }

  /** Listens for exactly these Services from now on. */
  async update(wanted: readonly ServiceHealth[]): Promise<void> {
    const ports = new Set(wanted.map(({ port }) => port));
    for (const [port, { server }] of [...this.#servers]) {
      if (ports.has(port)) continue;
      this.#servers.delete(port);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    }
    for (const health of wanted) {
      const known = this.#servers.get(health.port);
      if (known !== undefined) known.health = health;
      else await this.#listen(health);
    }
  }

  /** Somebody else may have the port: that one load balancer then sees no endpoints here, as with upstream. */
  async #listen(health: ServiceHealth): Promise<void> {
    const server = createServer((_request, response) => {
      const { namespace, name, localEndpoints } = this.#servers.get(health.port)?.health ?? health;
      const serviceProxyHealthy = this.deps.proxyHealthy();
      response.writeHead(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, {
        'content-type': 'application/json', 'x-content-type-options': 'nosniff', 'x-load-balancing-endpoint-weight': String(localEndpoints),
      });
      response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy }));
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve) => {
      server.once('error', (error) => {
        this.deps.log.warn({ err: error, port: health.port, namespace: health.namespace, service: health.name }, 'health check port cannot be served');
        this.deps.onFailure?.(health, error);
        resolve();
      });
      server.listen({ ...this.options, port: health.port }, () => {
        this.#servers.set(health.port, { server, health });
        resolve();
      });
    });
  }
}
