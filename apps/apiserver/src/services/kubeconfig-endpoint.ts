import { readFile } from 'node:fs/promises';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { tellAnswered, tellAsked, tellUnanswered } from './tell-call';

interface Kubeconfig {
  readonly clusters?: {
    readonly name: string;
    readonly cluster: {
      server?: string;
      'certificate-authority'?: string;
      'certificate-authority-data'?: string;
      'tls-server-name'?: string;
      'insecure-skip-tls-verify'?: boolean;
    };
  }[];
  readonly users?: {
    readonly name: string;
    readonly user: {
      token?: string;
      tokenFile?: string;
      username?: string;
      password?: string;
      'client-certificate'?: string;
      'client-certificate-data'?: string;
      'client-key'?: string;
      'client-key-data'?: string;
    };
  }[];
  readonly contexts?: { readonly name: string; readonly context: { cluster: string; user?: string } }[];
  readonly 'current-context'?: string;
}

type ConfigUser = NonNullable<Kubeconfig['users']>[number]['user'];

/** A token in a file goes before one that is written out. */
async function authorizationOf({ token, tokenFile, username, password = '' }: ConfigUser, directory: string): Promise<string | undefined> {
  if (tokenFile !== undefined) return `Bearer ${(await readFile(resolve(directory, tokenFile), 'utf8')).trim()}`;
  if (token !== undefined) return `Bearer ${token}`;
  return username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** What the server trusts the caller by, and the caller the server. */
interface Proofs {
  readonly authorization: string | undefined;
  /** The agent keeps the connections of each certificate apart: those of one that has been renewed since are not used. */
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key'>;
}

/** An answer that is none: another status than 200. */
export class WebhookStatusError extends Error {
  constructor(
    readonly status: number,
    text: string,
    /** It has a `Retry-After`. */
    readonly saysWhenAgain = false,
  ) {
    super(`the webhook answered with status ${status}: ${text.slice(0, 1024)}`);
    this.name = 'WebhookStatusError';
  }
}

/** A server that a kubeconfig names, as files of webhooks for authentication, authorisation and audit do. */
export class KubeconfigEndpoint {
  private constructor(
    private readonly url: URL,
    private readonly agent: Agent | PlainAgent,
    /** Read for every call: what is in files is changed there. */
    private readonly proofs: () => Promise<Proofs>,
  ) {}

  /** @throws when the file names no server */
  static async load(file: string): Promise<KubeconfigEndpoint> {
    const { clusters = [], users = [], contexts = [], 'current-context': current } = parse(await readFile(file, 'utf8')) as Kubeconfig;
    const context = contexts.find(({ name }) => name === current)?.context;
    const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster;
    const user = users.find(({ name }) => name === context?.user)?.user ?? {};
    if (cluster?.server === undefined) throw new Error(`${file}: the current context names no server`);
    const read = async (path: string | undefined, data: string | undefined): Promise<Buffer | undefined> =>
      data !== undefined ? Buffer.from(data, 'base64') : path === undefined ? undefined : readFile(resolve(dirname(file), path));
    const certificates = async (): Promise<Proofs['tls']> => {
      const [ca, cert, key] = await Promise.all([
        read(cluster['certificate-authority'], cluster['certificate-authority-data']),
        read(user['client-certificate'], user['client-certificate-data']),
        read(user['client-key'], user['client-key-data']),
      ]);
      return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
    };
    // Whoever starts this server hears of certificates that are not there.
    await certificates();
    const servername = cluster['tls-server-name'];
    const agent = new Agent({ keepAlive: true, ...(servername === undefined ? {} : { servername }), ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}) });
    const url = new URL(cluster.server);
    return new KubeconfigEndpoint(url, url.protocol === 'http:' ? new PlainAgent({ keepAlive: true }) : agent, async () => ({
      authorization: await authorizationOf(user, dirname(file)),
      tls: await certificates(),
    }));
  }

  /** Posts JSON, answers JSON. @throws Error when there is no sensible answer within the time */
  async post<T>(body: unknown, timeoutMs: number): Promise<T> {
    const text = await this.exchange(body, timeoutMs, await this.proofs());
    return JSON.parse(text === '' ? '{}' : text) as T;
  }

  /** Posts JSON to who has nothing to say to it. @throws Error when it is not taken within the time */
  async deliver(body: unknown, timeoutMs: number): Promise<void> {
    await this.exchange(body, timeoutMs, await this.proofs());
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.agent.destroy();
  }

  private exchange(body: unknown, timeoutMs: number, { authorization, tls }: Proofs): Promise<string> {
    const bytes = JSON.stringify(body);
    tellAsked(this.url, bytes);
    return new Promise((settle, reject) => {
      const fail = (error: Error): void => {
        tellUnanswered(this.url, error);
        reject(error);
      };
      const call = (this.url.protocol === 'http:' ? plainRequest : request)(this.url, {
        method: 'POST', agent: this.agent, ...tls, signal: AbortSignal.timeout(timeoutMs),
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(bytes), ...(authorization === undefined ? {} : { Authorization: authorization }) },
      }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          const code = response.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString();
          tellAnswered(this.url, code, text);
          if (code < 200 || code > 299) reject(new WebhookStatusError(code, text, response.headers['retry-after'] !== undefined));
          else settle(text);
        });
      });
      call.on('error', fail);
      call.end(bytes);
    });
  }
}

/** The same, read when it is first asked: whoever asks it hears what is wrong with the file. */
export class LazyEndpoint {
  private loading: Promise<KubeconfigEndpoint> | undefined;

  constructor(private readonly file: string) {}

  /** @throws Error when there is no sensible answer within the time, or no such server */
  async post<T>(body: unknown, timeoutMs: number): Promise<T> {
    this.loading ??= KubeconfigEndpoint.load(this.file).catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return (await this.loading).post<T>(body, timeoutMs);
  }
}
