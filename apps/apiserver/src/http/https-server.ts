import type { Component, Logger } from '@navarch/component-base';
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { Counter, type Registry } from 'prom-client';
import { Connection } from './connection';
import type { Request, Response } from './exchange';
import { HandshakeGate } from './handshake-gate';

/** What a server does with requests. */
export interface RequestTarget {
  handle(request: Request, response: Response, connection: Connection | undefined): Promise<void>;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, connection: Connection | undefined): Promise<void>;
}

export interface HttpsServerOptions {
  readonly host: string;
  /** 0 takes a free one, see `port`. */
  readonly port: number;
  readonly tls: SecureContextOptions;
  /** What flags say of TLS, whatever the certificates. */
  readonly serving?: SecureContextOptions;
  readonly maxStreams?: number;
  readonly http1Only?: boolean;
}

/** Longer than clients and balancers keep idle connections, so that it is they who close them. */
const KEEP_ALIVE_MS = 3 * 60_000;
/** Upstream's ReadHeaderTimeout: who has not said what they want by then is not waited for. */
const HEADERS_MS = 32_000;
/** As Go's servers: what `kubectl exec` is to run is in the URL, however long it is. Node's own limit is 16 KiB. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Bodies that are read here have a shorter limit of their own; this one is for uploads that only pass through. */
const UPLOAD_MS = 30 * 60_000;
const CHECK_EVERY_MS = 5000;
/** How long a stop waits for requests in flight. */
const DRAIN_MS = 5000;

/** The HTTPS door: HTTP/1.1 and, by ALPN, HTTP/2 on one port; client certificates are asked for and may be absent. */
export class HttpsServer implements Component {
  readonly name = 'https-server';
  private readonly server: Http2SecureServer;
  private readonly listener: Server;
  private readonly handshakeErrors: Counter;
  private readonly gate: HandshakeGate;
  private readonly sockets = new Set<Socket>();
  /** By TLS socket and by HTTP/2 session. */
  private readonly connections = new WeakMap<object, Connection>();
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly options: HttpsServerOptions,
    private readonly deps: { readonly target: RequestTarget; readonly log: Logger; readonly metrics: Registry },
  ) {
    this.server = createSecureServer({
      ...options.tls, ...options.serving, allowHTTP1: true, requestCert: true, rejectUnauthorized: false,
      ...(options.http1Only === true ? { ALPNProtocols: ['http/1.1'] } : {}),
      settings: { maxConcurrentStreams: options.maxStreams ?? 250, initialWindowSize: 1024 * 1024 },
    });
    this.handshakeErrors = new Counter({ name: 'apiserver_tls_handshake_errors_total', help: 'Connections that did not come to TLS.', registers: [deps.metrics] });
    this.gate = new HandshakeGate((socket) => this.server.emit('connection', socket));
    this.listener = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000, pauseOnConnect: true }, (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      // A connection may break before TLS has taken it over.
      socket.on('error', () => socket.destroy());
      this.gate.enter(socket);
    });
    // Node's types leave out what an http2 server with HTTP/1 has of an http server.
    const http1 = this.server as unknown as { keepAliveTimeout: number; headersTimeout: number; requestTimeout: number; connectionsCheckingInterval: number; maxHeaderSize: number };
    http1.maxHeaderSize = MAX_HEADER_BYTES;
    http1.keepAliveTimeout = KEEP_ALIVE_MS;
    http1.headersTimeout = HEADERS_MS;
    http1.requestTimeout = UPLOAD_MS;
    http1.connectionsCheckingInterval = CHECK_EVERY_MS;
    this.listen();
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.listener.once('error', (error) => reject(new Error(`listen on ${this.options.host}:${this.options.port}`, { cause: error })));
      this.listener.listen({ host: this.options.host, port: this.options.port, backlog: 1024 }, () => {
        // Its connections come from the listener, but only a server that listens looks after their time limits.
        this.server.emit('listening');
        resolve();
      });
    });
  }

  /** Renewed certificates serve new connections. */
  setTls(context: SecureContextOptions): void {
    this.server.setSecureContext({ ...this.options.tls, ...context, ...this.options.serving });
  }

  /** Stops accepting, lets requests in flight end, then cuts what is left. */
  stop(): Promise<void> {
    this.stopping ??= new Promise((resolve) => {
      this.gate.close();
      this.server.close();
      const cut = setTimeout(() => {
        for (const socket of this.sockets) socket.destroy();
      }, DRAIN_MS);
      this.listener.close(() => {
        clearTimeout(cut);
        resolve();
      });
      for (const session of this.sessions) session.close();
      for (const [socket, requests] of this.active) if (requests === 0) socket.destroy();
    });
    return this.stopping;
  }

  private readonly sessions = new Set<{ close(): void }>();
  /** HTTP/1.1 connections, and how many requests each has under way. */
  private readonly active = new Map<Duplex, number>();

  private listen(): void {
    const { target, log } = this.deps;
    this.server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol === 'h2') return;
      this.connections.set(socket, new Connection(socket));
      this.active.set(socket, 0);
      socket.on('close', () => this.active.delete(socket));
    });
    this.server.on('session', (session) => {
      this.connections.set(session, new Connection(session.socket as TLSSocket));
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
      let streams = 0;
      session.on('stream', (stream) => {
        streams++;
        stream.on('close', () => streams--);
      });
      // Quiet is not idle: a watch may have nothing to tell for long.
      session.setTimeout(KEEP_ALIVE_MS, () => {
        if (streams === 0) session.close();
      });
      session.on('error', (error) => log.debug({ err: error }, 'http2 session failed'));
    });
    this.server.on('request', (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => {
      const connection = this.connections.get(request.httpVersionMajor >= 2 ? ((request as Http2ServerRequest).stream.session ?? request) : request.socket);
      if (request.httpVersionMajor < 2) this.track(request.socket, response);
      this.supervise(target.handle(request, response, connection));
    });
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', (error) => log.debug({ err: error }, 'upgraded connection failed'));
      this.supervise(target.handleUpgrade(request, socket, head, this.connections.get(request.socket)));
    });
    this.server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      this.handshakeErrors.inc();
      log.debug({ err: error }, 'TLS handshake failed');
      socket.destroy();
    });
    this.server.on('clientError' as 'sessionError', (error: NodeJS.ErrnoException, socket?: unknown) => {
      log.debug({ err: error }, 'malformed HTTP request');
      const connection = socket as Duplex | undefined;
      if (!connection?.writable) {
        connection?.destroy();
        return;
      }
      const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
      // Not only ended: who sends nonsense may also never close.
      connection.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => connection.destroy());
    });
    this.server.on('sessionError', (error) => log.debug({ err: error }, 'http2 session failed'));
  }

  /** Idle connections are cut at a stop, those with a request when it is answered. */
  private track(socket: Duplex, response: ServerResponse | Http2ServerResponse): void {
    this.active.set(socket, (this.active.get(socket) ?? 0) + 1);
    response.on('close', () => {
      const left = (this.active.get(socket) ?? 1) - 1;
      if (this.active.has(socket)) this.active.set(socket, left);
      if (this.stopping && left === 0) socket.end();
    });
  }

  /** The pipeline answers every failure itself: what still comes through is a mistake in it, and must not end the process. */
  private supervise(handling: Promise<void>): void {
    handling.catch((error: unknown) => this.deps.log.error({ err: error }, 'request handler failed'));
  }
}
