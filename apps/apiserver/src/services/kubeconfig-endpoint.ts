import { exactJsonText } from '@navarch/apimachinery';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { dirname } from 'node:path';
import { certificatesOf, type Proofs, proofsOf, readKubeconfig } from './kubeconfig';
import { followRedirects, type Hop } from './redirects';
import { tellAnswered, tellAsked, tellUnanswered } from './tell-call';

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
    private readonly agents: Readonly<Record<string, Agent | PlainAgent>>,
    /** Read for every call: what is in files is changed there. */
    private readonly proofs: () => Promise<Proofs>,
  ) {}

  /** @throws when the file names no server */
  static async load(file: string): Promise<KubeconfigEndpoint> {
    const { clusters = [], users = [], contexts = [], 'current-context': current } = await readKubeconfig(file);
    const context = contexts.find(({ name }) => name === current)?.context;
    const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster;
    const user = users.find(({ name }) => name === context?.user)?.user ?? {};
    if (cluster?.server === undefined) throw new Error(`${file}: the current context names no server`);
    const directory = dirname(file);
    // Whoever starts this server hears of certificates that are not there.
    await certificatesOf(user, directory, cluster);
    const servername = cluster['tls-server-name'];
    const agent = new Agent({ keepAlive: true, ...(servername === undefined ? {} : { servername }), ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}) });
    return new KubeconfigEndpoint(new URL(cluster.server), { 'http:': new PlainAgent({ keepAlive: true }), 'https:': agent }, () => proofsOf(user, directory, cluster));
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
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  private async exchange(body: unknown, timeoutMs: number, proofs: Proofs): Promise<string> {
    const bytes = exactJsonText(body);
    const signal = AbortSignal.timeout(timeoutMs);
    const { code, text, saysWhenAgain } = await followRedirects(this.url, (hop) => this.send(hop, bytes, hop.isAway ? anonymous(proofs) : proofs, signal));
    if (code < 200 || code > 299) throw new WebhookStatusError(code, text, saysWhenAgain);
    return text;
  }

  private send({ url, method }: Hop, bytes: string, { authorization, tls }: Proofs, signal: AbortSignal): Promise<Answer> {
    tellAsked(url, bytes);
    return new Promise((settle, reject) => {
      const fail = (error: Error): void => {
        tellUnanswered(url, error);
        reject(error);
      };
      const call = (url.protocol === 'http:' ? plainRequest : request)(url, {
        method, agent: this.agents[url.protocol], ...tls, signal,
        headers: {
          ...(method === 'GET' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(bytes) }),
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
      }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          const code = response.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString();
          tellAnswered(url, code, text);
          settle({ code, text, location: response.headers.location, saysWhenAgain: response.headers['retry-after'] !== undefined });
        });
      });
      call.on('error', fail);
      call.end(method === 'GET' ? '' : bytes);
    });
  }
}

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly location: string | undefined;
  readonly saysWhenAgain: boolean;
}

/** How a stranger is trusted, to whom nothing is shown. */
function anonymous({ tls: { ca, allowPartialTrustChain } }: Proofs): Proofs {
  return { authorization: undefined, tls: { ca, allowPartialTrustChain } };
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
