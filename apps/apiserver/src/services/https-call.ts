import type { admissionregistrationv1 } from '@navarch/api';
import { Agent, request, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { posix } from 'node:path';
import type { ServerAnswer } from './answer-failure';
import type { CallerCredentials } from './caller-credentials';
import type { Proofs } from './kubeconfig';
import { OwnDoor } from './own-door';
import { followRedirects, type Hop } from './redirects';
import type { Endpoint, ServiceResolver } from './service-resolver';
import { tellAnswered, tellAsked, tellUnanswered } from './tell-call';
import { callFailureText } from './tls-failure';
import { trustedBy } from './trusted-by';

export type ClientConfig = admissionregistrationv1.WebhookClientConfig;

/** Where to a redirect points. */
interface CallResult extends ServerAnswer {
  readonly location: string | undefined;
}

export interface PostOptions {
  /** The server is told of whole ones. */
  readonly timeoutSeconds: number;
  /** Whoever gives it shows the caller to the server; without it the call is anonymous. */
  readonly credentials?: CallerCredentials | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Letter {
  readonly to: Hop;
  /** The address of a server that is known by another name. */
  readonly connectTo: Endpoint | undefined;
  readonly body: string;
  readonly caBundle: string | undefined;
  readonly proofs: Proofs | undefined;
  readonly signal: AbortSignal;
}

/** Answers larger than this are no answers to a review. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Calls webhooks, by URL or through a Service whose endpoint this server finds itself. Connections are kept. */
export class HttpsCaller {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 100, timeout: 90_000 });

  /** Without `own`, the Service `kubernetes` is one as all others. */
  constructor(private readonly services: ServiceResolver, private readonly own?: OwnDoor) {}

  /** @throws Error as Go's client words it: `Post "https://…": why` */
  async post({ url, service, caBundle }: ClientConfig, body: string, { timeoutSeconds, credentials, signal }: PostOptions): Promise<ServerAnswer> {
    const named = url ?? `https://${service?.name ?? ''}.${service?.namespace ?? ''}.svc:${service?.port ?? 443}${service?.path ?? '/'}`;
    const target = new URL(named);
    target.pathname = joined(target.pathname);
    target.searchParams.set('timeout', `${Math.ceil(timeoutSeconds)}s`);
    // A URL forgets the port that goes without saying.
    let asked = `${/^\w+:\/\/[^/?#]+/.exec(named)?.[0] ?? target.origin}${target.pathname}${target.search}`;
    const deadline = AbortSignal.timeout(Math.max(0, Math.ceil(timeoutSeconds * 1000)));
    try {
      const host = `${target.hostname}:${portOf(target)}`;
      const own = OwnDoor.isNamedBy(host) ? this.own : undefined;
      const connectTo = own?.endpoint ?? (service && this.services.resolve(service.namespace, service.name, service.port ?? 443));
      const proofs = own?.proofs ?? (await credentials?.of(host));
      const { location: _, ...answer } = await followRedirects(target, (hop) => {
        if (hop.url !== target) asked = hop.url.href;
        return this.send({ to: hop, body, caBundle, signal: signal ? AbortSignal.any([deadline, signal]) : deadline, ...(hop.isAway ? { connectTo: undefined, proofs: undefined } : { connectTo, proofs }) });
      });
      return answer;
    } catch (error) {
      const why = deadline.aborted ? 'context deadline exceeded' : callFailureText(error);
      throw new Error(`Post "${asked}": ${why}`, { cause: error });
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private send(letter: Letter, again = false): Promise<CallResult> {
    const { to: { url, method }, connectTo, caBundle, proofs, signal } = letter;
    const body = method === 'GET' ? '' : letter.body;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const options: RequestOptions = {
      agent: this.agent, method, path: `${url.pathname}${url.search}`, signal,
      host: connectTo?.ip ?? host, port: connectTo?.port ?? portOf(url),
      headers: {
        Host: url.host, Accept: 'application/json', 'User-Agent': 'kube-apiserver-admission',
        ...(method === 'GET' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
        ...(proofs?.authorization === undefined ? {} : { Authorization: proofs.authorization }),
      },
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(caBundle === undefined || caBundle === '' ? {} : trustedBy(Buffer.from(caBundle, 'base64'))),
      ...proofs?.tls,
    };
    tellAsked(url, body);
    return new Promise((resolve, reject) => {
      const fail = (error: Error & { readonly code?: string }): void => {
        // The server has most likely ended a kept connection before it saw the call; and a review may be asked twice.
        if (call.reusedSocket && error.code === 'ECONNRESET' && !again) {
          resolve(this.send(letter, true));
          return;
        }
        tellUnanswered(url, error);
        reject(error);
      };
      const call = request(options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) call.destroy(new Error('the answer is too large'));
        });
        response.on('error', fail);
        response.on('end', () => {
          const { location, 'content-type': contentType } = response.headers;
          const answer = { code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), contentType, location };
          tellAnswered(url, answer.code, answer.body);
          resolve(answer);
        });
      });
      call.on('error', fail);
      call.end(body);
    });
  }
}

/** As Go's clients write a path: without what leads nowhere, such as the second slash of `https://host//path`, and without one at its end. */
const joined = (path: string): string => posix.join('/', path).replace(/(?<=.)\/$/, '');

const portOf = ({ port }: URL): number => (port === '' ? 443 : Number(port));
