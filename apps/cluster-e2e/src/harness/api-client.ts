import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

export interface ApiAnswer {
  readonly code: number;
  readonly text: string;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly contentType?: string;
}

/** The kubeconfig's user, without a kubectl between: for many calls a second, and for watches. */
export class ApiClient {
  readonly credentials: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
  readonly port: number;
  private readonly agent: Agent;

  constructor(kubeconfig: string) {
    const text = readFileSync(kubeconfig, 'utf8');
    const field = (name: string): Buffer => Buffer.from(new RegExp(`${name}: "?([A-Za-z0-9+/=]+)`).exec(text)?.[1] ?? '', 'base64');
    this.credentials = { ca: field('certificate-authority-data'), cert: field('client-certificate-data'), key: field('client-key-data') };
    this.port = Number(/server: "?https:\/\/[^:]+:(\d+)/.exec(text)?.[1]);
    this.agent = new Agent({ ...this.credentials, keepAlive: true, maxSockets: 32 });
  }

  /** Rejects only when no answer comes. */
  async call(method: string, path: string, body?: unknown, { timeoutMs = 30_000, contentType = 'application/json' }: CallOptions = {}): Promise<ApiAnswer> {
    const response = await this.open(method, path, body, { timeoutMs, contentType });
    let text = '';
    for await (const chunk of response) text += (chunk as Buffer).toString();
    return { code: response.statusCode ?? 0, text };
  }

  /** The answer's head; its body is still to come. */
  open(method: string, path: string, body?: unknown, { timeoutMs = 0, contentType = 'application/json' }: CallOptions = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const bytes = body === undefined ? undefined : JSON.stringify(body);
      const call = request(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          agent: this.agent,
          timeout: timeoutMs,
          headers: bytes === undefined ? {} : { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(bytes) },
        },
        resolve,
      );
      call.on('error', reject);
      call.on('timeout', () => call.destroy(new Error(`no answer to ${method} ${path} in ${timeoutMs} ms`)));
      call.end(bytes);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
