import type { CertificateFiles } from '@navarch/pki';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { TestApiserver } from './start-test-apiserver';

export interface RestAnswer<T = unknown> {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly raw: Buffer;
  /** Parsed, where it is JSON. */
  readonly body: T;
}

export interface RestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A plain HTTPS client for tests: sees codes, headers and bytes as they are. */
export class RestClient {
  private readonly agent: Agent;

  private constructor(
    private readonly port: number,
    credentials: { ca: Buffer; cert?: Buffer; key?: Buffer },
    connections: number,
  ) {
    this.agent = new Agent({ ...credentials, keepAlive: true, maxSockets: connections });
  }

  /** As the administrator; without a certificate if `anonymous`. */
  static async of(server: TestApiserver, anonymous = false, connections = 64): Promise<RestClient> {
    const credentials = await server.credentials(server.pki.files.admin);
    return new RestClient(server.port, anonymous ? { ca: credentials.ca } : credentials, connections);
  }

  /** As whoever a certificate says. */
  static async as(server: TestApiserver, files: CertificateFiles): Promise<RestClient> {
    return new RestClient(server.port, await server.credentials(files), 8);
  }

  async call<T = Record<string, unknown>>(method: string, path: string, { body, headers = {} }: RestOptions = {}): Promise<RestAnswer<T>> {
    const response = await this.open(method, path, body, headers);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
    return {
      code: response.statusCode ?? 0,
      headers: response.headers,
      raw,
      body: (isJson && raw.length > 0 && response.headers['content-encoding'] === undefined ? JSON.parse(raw.toString()) : undefined) as T,
    };
  }

  get<T = Record<string, unknown>>(path: string, headers?: Record<string, string>): Promise<RestAnswer<T>> {
    return this.call<T>('GET', path, headers ? { headers } : {});
  }

  post<T = Record<string, unknown>>(path: string, body: unknown): Promise<RestAnswer<T>> {
    return this.call<T>('POST', path, { body });
  }

  put<T = Record<string, unknown>>(path: string, body: unknown): Promise<RestAnswer<T>> {
    return this.call<T>('PUT', path, { body });
  }

  delete<T = Record<string, unknown>>(path: string, body?: unknown): Promise<RestAnswer<T>> {
    return this.call<T>('DELETE', path, body === undefined ? {} : { body });
  }

  patch<T = Record<string, unknown>>(path: string, type: 'json' | 'merge' | 'strategic' | 'apply', body: unknown): Promise<RestAnswer<T>> {
    const contentType = {
      json: 'application/json-patch+json',
      merge: 'application/merge-patch+json',
      strategic: 'application/strategic-merge-patch+json',
      apply: 'application/apply-patch+yaml',
    }[type];
    return this.call<T>('PATCH', path, { body, headers: { 'Content-Type': contentType } });
  }

  /** A watch: its events one by one, until `stop`. */
  async watch(path: string): Promise<TestWatch> {
    return new TestWatch(await this.open('GET', path, undefined, {}));
  }

  /** The same in another representation. */
  async watchAs(path: string, accept: string): Promise<TestWatch> {
    return new TestWatch(await this.open('GET', path, undefined, { Accept: accept }));
  }

  /** The first message of a watch in protobuf, where each comes after its length; the watch ends with it. */
  async firstFrame(path: string, accept: string): Promise<{ readonly type: string | undefined; readonly message: Buffer }> {
    const response = await this.open('GET', path, undefined, { Accept: accept });
    let bytes = Buffer.alloc(0);
    for await (const chunk of response) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      const end = bytes.length < 4 ? Infinity : 4 + bytes.readUInt32BE(0);
      if (bytes.length >= end) return { type: response.headers['content-type'], message: bytes.subarray(4, end) };
    }
    throw new Error('the watch has ended');
  }

  close(): void {
    this.agent.destroy();
  }

  private async open(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
    const bytes = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const own = bytes === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': bytes.length };
    const call = request({ host: '127.0.0.1', port: this.port, method, path, agent: this.agent, headers: { ...own, ...headers } });
    call.end(bytes);
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    return response;
  }
}

export interface WatchEvent {
  readonly type: string;
  readonly object: { kind: string; code?: number; reason?: string; metadata: { name?: string; resourceVersion: string; annotations?: Record<string, string> } } & Record<string, unknown>;
}

/** Events of a watch, in order. */
export class TestWatch {
  private readonly lines: AsyncGenerator<WatchEvent, void>;

  constructor(private readonly response: IncomingMessage) {
    this.lines = events(response);
  }

  get code(): number {
    return this.response.statusCode ?? 0;
  }

  /** @throws when the watch has ended */
  async next(): Promise<WatchEvent> {
    const next: IteratorResult<WatchEvent, unknown> = await this.lines.next();
    if (next.done === true) throw new Error('the watch has ended');
    return next.value;
  }

  async take(count: number): Promise<WatchEvent[]> {
    const taken: WatchEvent[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  stop(): void {
    this.response.destroy();
  }
}

async function* events(response: IncomingMessage): AsyncGenerator<WatchEvent, void> {
  let rest = '';
  for await (const chunk of response) {
    rest += (chunk as Buffer).toString();
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield JSON.parse(rest.slice(0, end)) as WatchEvent;
      rest = rest.slice(end + 1);
    }
  }
}
