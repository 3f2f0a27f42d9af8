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
  /** By port; the servers by their host. */
  readonly #served = new Map<number, { readonly servers: Map<string | undefined, Server>; health: ServiceHealth }>();

  /** `hosts`: where to listen, asked for each port; undefined is everywhere, as those who ask are balancers elsewhere. */
  constructor(
    private readonly options: { readonly hosts: () => readonly string[] | undefined },
    private readonly deps: {
      readonly proxyHealthy: () => boolean;
      readonly log: Pick<Logger, 'warn'>;
      readonly onFailure?: (health: ServiceHealth, error: Error) => void;
    },
  ) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.update([]);
  }

  /** Listens for exactly these Services from now on. */
  async update(wanted: readonly ServiceHealth[]): Promise<void> {
    const ports = new Set(wanted.map(({ port }) => port));
    for (const [port, { servers }] of [...this.#served]) {
      if (ports.has(port)) continue;
      this.#served.delete(port);
      await Promise.all([...servers.values()].map(close));
    }
    for (const health of wanted) await this.#serve(health);
  }

  /**
   * Somebody else may have the port, or the node may not have the address yet: that one load balancer then sees no endpoints here, as
   * with upstream, until a later update has more luck.
   */
  async #serve(health: ServiceHealth): Promise<void> {
    const { servers } = this.#served.get(health.port) ?? { servers: new Map<string | undefined, Server>() };
    this.#served.set(health.port, { servers, health });
    await Promise.all(
      (this.options.hosts() ?? [undefined])
        .filter((host) => !servers.has(host))
        .map(async (host) => {
          const server = await this.#listen(health, host);
          if (server !== undefined) servers.set(host, server);
        }),
    );
  }

  async #listen(health: ServiceHealth, host: string | undefined): Promise<Server | undefined> {
    const server = createServer((_request, response) => {
      const { namespace, name, localEndpoints } = this.#served.get(health.port)?.health ?? health;
      const serviceProxyHealthy = this.deps.proxyHealthy();
      response.writeHead(localEndpoints > 0 && serviceProxyHealthy ? 200 : 503, {
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(localEndpoints),
      });
      response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy }));
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    return new Promise((resolve) => {
      server.once('error', (error) => {
        this.deps.log.warn({ err: error, host, port: health.port, namespace: health.namespace, service: health.name }, 'health check port cannot be served');
        this.deps.onFailure?.(health, error);
        resolve(undefined);
      });
      server.listen({ port: health.port, ...(host === undefined ? {} : { host }) }, () => resolve(server));
    });
  }
}

const close = (server: Server): Promise<void> => new Promise((resolve) => {
  server.close(() => resolve());
  server.closeAllConnections();
});
