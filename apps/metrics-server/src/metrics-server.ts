import { createServer, type Server } from 'node:https';
import { readFile } from 'node:fs/promises';
import { TLSSocket } from 'node:tls';
import { unauthorized } from '@navarch/apimachinery';
import { isTapped, tellBoundary, TlsFiles, type Component, type Logger } from '@navarch/component-base';
import type { MetricsApi } from './metrics-api';
import { written } from './written';

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** Signs the client that the apiserver is to aggregated servers. */
  readonly requestHeaderCaFile: string;
  /** Names that this client may have; none: any that the CA signed. */
  readonly allowedNames: readonly string[];
}

/**
 * Serves the API by HTTPS to the apiserver alone, which has authenticated and authorised whoever asks before it passes them on.
 * Health paths are open to everyone.
 */
export class MetricsServer implements Component {
  readonly name = 'metrics-server';
  #server: Server | undefined;
  #files: TlsFiles | undefined;

  constructor(private readonly options: MetricsServerOptions, private readonly deps: { readonly api: MetricsApi; readonly log: Logger }) {}

  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async start(): Promise<void> {
    const { host, port, certFile, keyFile, requestHeaderCaFile } = this.options;
    this.#files = new TlsFiles({ certFile, keyFile, caFile: requestHeaderCaFile }, this.deps.log);
    const server = createServer({ ...(await this.#files.load()), ca: await readFile(requestHeaderCaFile), requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const allowed = this.#isApiserver(request.socket);
      const { code, body } = allowed
        ? this.deps.api.answer({ method: request.method ?? 'GET', url: request.url ?? '/', accept: request.headers.accept ?? '' })
        : { code: 401, body: unauthorized().status };
      const { contentType, bytes } = written(body, request.headers.accept ?? '');
      response.writeHead(code, { 'content-type': contentType, 'content-length': bytes.length, 'cache-control': 'no-cache, private' });
      response.end(request.method === 'HEAD' ? undefined : bytes);
      if (isTapped()) {
        tellBoundary({
          carrier: 'rest',
          direction: 'in',
          what: `${request.method ?? ''} ${request.url?.split('?')[0] ?? ''}`,
          bytes: bytes.length,
          message: () => ({ user: request.headers['x-remote-user'], code }),
        });
      }
    });
    this.#files.watch((context) => server.setSecureContext(context));
    server.on('clientError', (_error, socket) => socket.destroy());
    server.on('tlsClientError', (error) => this.deps.log.debug({ err: error }, 'TLS handshake failed'));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#files?.stop();
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #isApiserver(socket: unknown): boolean {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
    const { allowedNames } = this.options;
    return allowedNames.length === 0 || [socket.getPeerCertificate().subject.CN].flat().some((name) => name !== undefined && allowedNames.includes(name));
  }
}
