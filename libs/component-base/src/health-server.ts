import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import { type Registry } from 'prom-client';
import { type Component } from './component';
import { type HealthChecks, type HealthEndpoint } from './health-checks';
import { type Logger } from './logger';
import { TlsFiles, type TlsFileNames } from './tls-files';
import { type ZPage, type ZPages, zPageHeaders } from './zpages/zpages';

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one: see `port`. */
  readonly port: number;
  /** Serves HTTPS. With a client CA, everything but the health paths wants a certificate that it signed. */
  readonly tls?: TlsFileNames;
  /** Organisations a client certificate may belong to for everything but the health paths. */
  readonly allowedGroups?: readonly string[];
}

export interface HealthServerDeps {
  readonly checks: HealthChecks;
  readonly registry: Registry;
  readonly log: Logger;
  /** What /configz shows, secrets already hidden. */
  readonly configz: () => Record<string, unknown>;
  readonly zpages: ZPages;
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

const HEALTH_PATH = /^\/(healthz|livez|readyz)(?:\/(.+))?$/;

/** /healthz, /livez, /readyz (with ?verbose, ?exclude= and /NAME), /metrics, /metrics/slis, /configz, /flagz and /statusz of a process. */
export class HealthServer implements Component {
  readonly name = 'health-server';
  readonly #handlers = new Map<string, Handler>();
  #server: Server | TlsServer | undefined;
  #tlsFiles: TlsFiles | undefined;

  constructor(
    private readonly options: HealthServerOptions,
    private readonly deps: HealthServerDeps,
  ) {
    this.handle('/metrics', async (_request, response) => {
      response.setHeader('content-type', deps.registry.contentType);
      response.end(await deps.registry.metrics());
    });
    this.handle('/metrics/slis', async (_request, response) => {
      response.setHeader('content-type', deps.checks.slis.contentType);
      response.end(await deps.checks.slis.metrics());
    });
    this.handle('/configz', (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(`${JSON.stringify(deps.configz())}\n`);
    });
    if (deps.zpages.serves('flagz')) this.handle('/flagz', ({ headers }, response) => sendPage(response, deps.zpages.flagz(headers.accept)));
    if (deps.zpages.serves('statusz')) this.handle('/statusz', ({ headers }, response) => sendPage(response, deps.zpages.statusz(headers.accept, this.#paths())));
  }

  /** Serves one more exact path, for a process's own diagnostics; or a health path in the process's own words. */
  handle(path: string, handler: Handler): void {
    this.#handlers.set(path, handler);
  }

  /** What is served beside /statusz, which upstream's components do not list there. */
  #paths(): string[] {
    return ['/healthz', '/livez', '/readyz', ...this.#handlers.keys()].filter((path) => path !== '/statusz');
  }

  /** The port listened on. */
  get port(): number {
    const address = this.#server?.address();
    if (typeof address !== 'object' || address === null) throw new Error('health server is not listening');
    return address.port;
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const { tls, host, port } = this.options;
    const listener: RequestListener = (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.deps.log.error({ err: error, path: request.url }, 'health request failed');
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
    };
    let server: Server | TlsServer;
    if (tls) {
      const files = new TlsFiles(tls, this.deps.log);
      const secure = createTlsServer({ ...(await files.load()), requestCert: tls.caFile !== undefined, rejectUnauthorized: false }, listener);
      files.watch((context) => {
        secure.setSecureContext(context);
      });
      this.#tlsFiles = files;
      server = secure;
    } else server = createServer(listener);
    server.on('clientError', (_error, socket) => socket.destroy());
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        server.on('error', (error) => this.deps.log.error({ err: error }, 'health server failed'));
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#tlsFiles?.stop();
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = parseUrl(request.url);
    const [, endpoint, name] = HEALTH_PATH.exec(url?.pathname ?? '') ?? [];
    const handler = this.#handlers.get(url?.pathname ?? '');
    if (!url) send(response, 400, 'bad request');
    else if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'method not allowed');
    else if (endpoint !== undefined) await (handler === undefined ? this.#health(endpoint as HealthEndpoint, name, url, response) : handler(request, response, url));
    else if (!this.#allowed(request)) send(response, 403, 'Forbidden');
    else if (!handler) send(response, 404, '404 page not found\n');
    else await handler(request, response, url);
  }

  async #health(endpoint: HealthEndpoint, name: string | undefined, url: URL, response: ServerResponse): Promise<void> {
    const { checks, log } = this.deps;
    const report =
      name === undefined
        ? await checks.report(endpoint, { verbose: url.searchParams.has('verbose'), exclude: url.searchParams.getAll('exclude') })
        : await checks.reportOne(endpoint, name);
    if (!report) {
      send(response, 404, '404 page not found\n');
      return;
    }
    for (const { name: failed, error } of report.failures) log.info({ endpoint, check: failed, reason: error instanceof Error ? error.message : error }, 'health check failed');
    send(response, report.healthy ? 200 : 500, report.body);
  }

  #allowed(request: IncomingMessage): boolean {
    if (this.options.tls?.caFile === undefined) return true;
    const { socket } = request;
    if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
    const groups: unknown = socket.getPeerCertificate().subject.O;
    const allowed = this.options.allowedGroups ?? ['system:masters', 'system:monitoring'];
    return [groups].flat().some((group) => typeof group === 'string' && allowed.includes(group));
  }
}

function parseUrl(path: string | undefined): URL | undefined {
  return path !== undefined && URL.canParse(path, 'http://localhost') ? new URL(path, 'http://localhost') : undefined;
}

function sendPage(response: ServerResponse, page: ZPage): void {
  response.writeHead(page.status, { ...zPageHeaders(page), 'cache-control': 'no-cache, private' });
  response.end(page.body);
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache, private' });
  response.end(body);
}
