import { type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type Duplex } from 'node:stream';
import { isApiError } from '@navarch/apimachinery';
import { isTapped, tellBoundary, type Component, type Logger, TlsFiles, type TlsFileNames } from '@navarch/component-base';
import { refuseUpgrade, UpgradeRefused } from '@navarch/streaming';
import { errorText } from '../error-text';
import { type Authentication, type Caller } from './authentication';
import { subresourcesOf, verbOf, type Authorization } from './authorization';
import { HttpError } from './http-error';
import { type HttpMetrics } from './http-metrics';
import { type KubeletRoutes } from './routes';
import { type TlsSettings } from './tls-settings';

export interface KubeletServerOptions {
  readonly host: string;
  /** 0 takes a free one: see `port`. */
  readonly port: number;
  readonly tls: TlsFileNames;
  /** What clients may speak; as usual where it is not given. */
  readonly speaks?: TlsSettings;
}

export interface KubeletServerDeps {
  readonly routes: KubeletRoutes;
  readonly authentication: Pick<Authentication, 'identify'>;
  readonly authorization: Pick<Authorization, 'allows'>;
  readonly metrics: HttpMetrics;
  readonly log: Logger;
}

/** As Go's servers: a command that is to be run is in the URL, however long it is. Node's own limit is 16 KiB. */
const MAX_HEADER_BYTES = 1024 * 1024;

/** The kubelet's own HTTPS, as upstream's: for its apiserver, for scrapers and for people. Every request is authenticated and authorised. */
export class KubeletServer implements Component {
  readonly name = 'kubelet-server';
  readonly #files: TlsFiles;
  readonly #upgraded = new Set<Duplex>();
  #server: Server | undefined;

  constructor(private readonly options: KubeletServerOptions, private readonly deps: KubeletServerDeps) {
    this.#files = new TlsFiles(options.tls, deps.log);
  }

  get port(): number {
    const address = this.#server?.address();
    if (typeof address !== 'object' || address === null) throw new Error('kubelet server is not listening');
    return address.port;
  }

  async start(): Promise<void> {
    if (this.#server) return;
    // A caller without a certificate may have a token.
    const server = createServer({ ...await this.#files.load(), ...this.options.speaks, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], maxHeaderSize: MAX_HEADER_BYTES });
    this.#server = server;
    this.#files.watch((context) => server.setSecureContext({ ...context, ...this.options.speaks }));
    server.on('request', (request, response) => this.#serve(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.options.port, this.options.host, resolve);
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#files.stop();
    if (!server) return;
    for (const socket of this.#upgraded) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const gone = new AbortController();
    const url = urlOf(request);
    let user: string | undefined;
    const over = this.deps.metrics.began(request.method ?? '', url.pathname);
    response.once('close', () => {
      gone.abort();
      over();
      if (isTapped()) tellBoundary({ carrier: 'rest', direction: 'in', what: `${request.method ?? ''} ${url.pathname}`, message: () => ({ user, code: response.statusCode }) });
    });
    this.#admit(request, url)
      .then(({ name }) => {
        user = name;
        return this.deps.routes.serve(request, response, url, gone.signal);
      })
      .catch((error: unknown) => {
        if (gone.signal.aborted) return;
        const { code, message } = this.#describe(error, url);
        if (response.headersSent) response.destroy();
        else response.writeHead(code, { 'Content-Type': message.startsWith('{') ? 'application/json' : 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }).end(message);
      });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#upgraded.add(socket);
    const gone = new AbortController();
    const url = urlOf(request);
    const over = this.deps.metrics.began(request.method ?? '', url.pathname);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      gone.abort();
      over();
      this.#upgraded.delete(socket);
    });
    this.#admit(request, url)
      .then(() => this.deps.routes.upgrade(request, socket, head, url, gone.signal))
      .catch((error: unknown) => {
        if (error instanceof UpgradeRefused) refuseUpgrade(socket, error.code, error.message, error.headers);
        else {
          const { code, message } = this.#describe(error, url);
          refuseUpgrade(socket, code, message);
        }
      });
  }

  /** Throws unless the caller is known and may do this. */
  async #admit(request: IncomingMessage, url: URL): Promise<Caller> {
    const caller = await this.deps.authentication.identify(request);
    if (!caller) throw new HttpError(401, 'Unauthorized');
    const method = request.method ?? 'GET';
    if (await this.deps.authorization.allows(caller, method, url.pathname)) return caller;
    throw new HttpError(403, `Forbidden (user=${caller.name}, verb=${verbOf(method)}, resource=nodes, subresource(s)=[${subresourcesOf(url.pathname).join(' ')}])\n`);
  }

  #describe(error: unknown, url: URL): { readonly code: number; readonly message: string } {
    if (error instanceof HttpError) return { code: error.code, message: error.message };
    if (isApiError(error)) return { code: error.code, message: error.message };
    this.deps.log.warn({ err: error, path: url.pathname }, 'request failed');
    return { code: 500, message: errorText(error) };
  }
}

function urlOf(request: IncomingMessage): URL {
  // Several slashes at the beginning would be read as a host.
  return new URL((request.url ?? '/').replace(/^\/+/, '/'), 'https://kubelet');
}
