import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Component, Logger } from '@navarch/component-base';
import { endpointsOf, Rotation, type Endpoint, type ServiceView } from './endpoints';
import { forward, forwardUpgrade, refuse, type Outcome } from './forward';
import type { IngressMetrics } from './ingress-metrics';
import type { RoutingTable, Target } from './routing-table';

export interface IngressServerOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** PEM for names that no Ingress has a certificate for. */
  readonly defaultCertificate: { readonly cert: string; readonly key: string };
}

export interface IngressServerDeps {
  readonly routes: () => RoutingTable;
  readonly certificate: (serverName: string) => SecureContext | undefined;
  readonly services: ServiceView;
  readonly metrics: IngressMetrics;
  readonly log: Logger;
}

/** Takes requests on two ports, plain and TLS, and passes each on by its host and path as they are routed at that moment. */
export class IngressServer implements Component {
  readonly name = 'ingress-server';
  readonly #servers: Server[] = [];
  readonly #rotation = new Rotation();
  readonly #upgraded = new Set<Duplex>();

  constructor(private readonly options: IngressServerOptions, private readonly deps: IngressServerDeps) {}

  /** Ports listened on: plain, TLS. */
  get ports(): number[] {
    return this.#servers.map((server) => {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    });
  }

  async start(): Promise<void> {
    const { host, httpPort, httpsPort, defaultCertificate } = this.options;
    const fallback = createSecureContext({ ...defaultCertificate, minVersion: 'TLSv1.2' });
    const plain = createServer();
    const secure = createSecureServer({
      ...defaultCertificate, minVersion: 'TLSv1.2',
      SNICallback: (serverName, done) => done(null, this.deps.certificate(serverName) ?? fallback),
    });
    for (const [server, port] of [[plain, httpPort], [secure, httpsPort]] as const) {
      server.on('request', (request, response) => this.#settle(request, this.#onRequest(request, response)));
      server.on('upgrade', (request, socket, head) => this.#settle(request, this.#onUpgrade(request, socket, head)));
      server.on('clientError', (_error, socket) => socket.destroy());
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
      server.on('error', (error) => this.deps.log.warn({ err: error, port }, 'server reported an error'));
      this.#servers.push(server);
    }
    secure.on('tlsClientError', (error) => this.deps.log.debug({ err: error }, 'TLS handshake failed'));
  }

  /** Takes no new requests and lets those under way end. */
  async stop(): Promise<void> {
    for (const socket of this.#upgraded) socket.destroy();
    await Promise.all(this.#servers.splice(0).map((server) => new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    })));
  }

  /** Counts how a request ended; nothing that one does may end the process. */
  #settle(request: IncomingMessage, outcome: Promise<Outcome>): void {
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    outcome.then(
      ({ code, error }) => {
        this.deps.metrics.answered(code, seconds());
        if (error !== undefined) this.deps.log.warn({ err: error, host: request.headers.host, code }, 'request could not be passed on');
      },
      (error: unknown) => {
        this.deps.metrics.answered(500, seconds());
        this.deps.log.error({ err: error, host: request.headers.host }, 'request failed');
        request.socket.destroy();
      },
    );
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<Outcome> {
    const target = this.#target(request);
    if (target === undefined) return refuse(response, 404, 'default backend - 404');
    const endpoints = this.#endpoints(target);
    if (endpoints.length === 0) return refuse(response, 503, 'Service Temporarily Unavailable');
    return forward(request, response, endpoints);
  }

  async #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Outcome> {
    this.#upgraded.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#upgraded.delete(socket));
    const target = this.#target(request);
    const endpoints = target === undefined ? [] : this.#endpoints(target);
    if (endpoints.length > 0) return forwardUpgrade(request, socket, head, endpoints);
    const code = target === undefined ? 404 : 503;
    socket.end(`HTTP/1.1 ${code} ${target === undefined ? 'Not Found' : 'Service Temporarily Unavailable'}\r\nconnection: close\r\n\r\n`);
    return { code };
  }

  #target({ headers, url = '/' }: IncomingMessage): Target | undefined {
    const host = (headers.host ?? '').replace(/:\d+$/, '');
    return this.deps.routes().find(host, url.split('?')[0] ?? '/');
  }

  #endpoints(target: Target): Endpoint[] {
    return this.#rotation.order(target, endpointsOf(target, this.deps.services));
  }
}
