import { createServer, type IncomingMessage } from 'node:http';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { isTapped, tellBoundary, type Component, type Logger } from '@navarch/component-base';
import { endpointsOf, protocolOf, Rotation, type Endpoint, type ServiceView } from './endpoints';
import { abort, refuse, type Answer, type Asked, type Outcome } from './exchange';
import { forward, forwardUpgrade } from './forward';
import { forwardH2c, H2cSessions } from './forward-h2c';
import { hostOf } from './headers';
import type { IngressMetrics } from './ingress-metrics';
import type { RoutingTable, Target } from './routing-table';

export interface IngressServerOptions {
  /** Addresses to listen on. */
  readonly hosts: readonly string[];
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

/** Takes requests on two ports, plain and TLS (where clients may choose HTTP/2), and passes each on by its host and path as they are routed at that moment. */
export class IngressServer implements Component {
  readonly name = 'ingress-server';
  readonly #servers: Server[] = [];
  readonly #rotation = new Rotation();
  readonly #upgraded = new Set<Duplex>();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** Connections of HTTP/1, with the number of requests under way. */
  readonly #connections = new Map<Socket, number>();
  readonly #h2c = new H2cSessions();
  #stopping = false;

  constructor(private readonly options: IngressServerOptions, private readonly deps: IngressServerDeps) {}

  /** Ports listened on, for each address: plain, TLS. */
  get ports(): number[] {
    return this.#servers.map((server) => {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : 0;
    });
  }

  async start(): Promise<void> {
    for (const host of this.options.hosts) await this.#listen(host);
  }

  async #listen(host: string): Promise<void> {
    const { httpPort, httpsPort, defaultCertificate } = this.options;
    const fallback = createSecureContext({ ...defaultCertificate, minVersion: 'TLSv1.2' });
    const plain = createServer();
    const secure = createSecureServer({
      ...defaultCertificate, allowHTTP1: true, minVersion: 'TLSv1.2',
      SNICallback: (serverName, done) => done(null, this.deps.certificate(serverName) ?? fallback),
    });
    plain.on('request', (request, response) => this.#onConnectionRequest(request, response));
    secure.on('request', (request, response) => this.#onConnectionRequest(request, response));
    plain.on('connection', (socket: Socket) => this.#watch(socket));
    secure.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol !== 'h2') this.#watch(socket);
    });
    secure.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', (error) => this.deps.log.debug({ err: error }, 'HTTP/2 connection failed'));
      session.once('close', () => this.#sessions.delete(session));
    });
    const listeners: readonly (readonly [Server, number])[] = [[plain, httpPort], [secure, httpsPort]];
    for (const [server, port] of listeners) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#settle(request, () => request.socket.destroy(), this.#onUpgrade(request, socket, head)));
      server.on('clientError', (_error: Error, socket: Duplex) => socket.destroy());
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
    this.#stopping = true;
    for (const socket of this.#upgraded) socket.destroy();
    const closed = this.#servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // HTTP/2 tells its clients so, and closes when its streams have ended.
    for (const session of this.#sessions) session.close();
    for (const [socket, requests] of this.#connections) if (requests === 0) socket.destroy();
    await Promise.all(closed);
    await this.#h2c.close();
  }

  #watch(socket: Socket): void {
    this.#connections.set(socket, 0);
    socket.once('close', () => this.#connections.delete(socket));
  }

  #onConnectionRequest(request: Asked, response: Answer): void {
    const socket = request.httpVersionMajor === 1 ? request.socket : undefined;
    if (socket !== undefined) {
      this.#connections.set(socket, (this.#connections.get(socket) ?? 0) + 1);
      response.once('close', () => {
        const left = (this.#connections.get(socket) ?? 1) - 1;
        if (this.#connections.has(socket)) this.#connections.set(socket, left);
        if (this.#stopping && left === 0) socket.end();
      });
    }
    this.#settle(request, () => abort(response), this.#onRequest(request, response));
  }

  /** Counts and tells how a request ended; nothing that one does may end the process. */
  #settle(request: Asked, giveUp: () => void, outcome: Promise<Outcome>): void {
    const started = performance.now();
    const ended = (code: number): void => {
      this.deps.metrics.answered(code, (performance.now() - started) / 1000);
      // Not the path: what is behind an Ingress may have its secrets there.
      if (isTapped()) tellBoundary({ carrier: 'http', direction: 'in', what: `${request.method ?? ''} ${hostOf(request)}`, message: () => ({ code }) });
    };
    outcome.then(
      ({ code, error }) => {
        ended(code);
        if (error !== undefined) this.deps.log.warn({ err: error, host: hostOf(request), code }, 'request could not be passed on');
      },
      (error: unknown) => {
        ended(500);
        this.deps.log.error({ err: error, host: hostOf(request) }, 'request failed');
        giveUp();
      },
    );
  }

  async #onRequest(request: Asked, response: Answer): Promise<Outcome> {
    const target = this.#target(request);
    if (target === undefined) return refuse(response, 404, 'default backend - 404');
    const endpoints = this.#endpoints(target);
    if (endpoints.length === 0) return refuse(response, 503, 'Service Temporarily Unavailable');
    return protocolOf(target, this.deps.services) === 'h2c' ? forwardH2c(request, response, endpoints, this.#h2c) : forward(request, response, endpoints);
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

  #target(request: Asked): Target | undefined {
    const host = hostOf(request).replace(/:\d+$/, '');
    return this.deps.routes().find(host, (request.url ?? '/').split('?')[0] ?? '/');
  }

  #endpoints(target: Target): Endpoint[] {
    return this.#rotation.order(target, endpointsOf(target, this.deps.services));
  }
}
