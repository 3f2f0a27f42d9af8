import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type corev1 } from '@navarch/api';
import { dialError } from './dial-error';

/** A request of a probe or hook, ready to send. */
export interface HttpTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly corev1.HTTPHeader[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Who was asked by HTTPS answered in plain HTTP; the text is Go's. */
export class PlainHttpError extends Error {
  override readonly name = 'PlainHttpError';
}

const maxBodyBytes = 10 * 1024;
const maxRedirects = 10;

function targetUrl({ scheme, host, port, path }: HttpTarget): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path.startsWith('/') ? path : `/${path}`}`;
}

/** As Go writes it, which keeps the port of the scheme where a URL of the platform drops it. */
export function spelled(url: URL): string {
  return url.port === '' ? url.href.replace(url.host, `${url.host}:${portOf(url)}`) : url.href;
}

const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));

/** The port a probe or hook names, by number or by the name of a container port. */
export function resolvePort(container: corev1.Container, port: number | string): number {
  const number = typeof port === 'number' ? port : /^\d+$/.test(port) ? Number(port) : container.ports?.find(({ name }) => name === port)?.containerPort;
  if (number === undefined || number < 1 || number > 65535) throw new Error(`invalid port number: ${port}`);
  return number;
}

export function httpTarget(action: corev1.HTTPGetAction, container: corev1.Container, podIP: string): HttpTarget {
  return {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host: action.host ? action.host : podIP,
    port: resolvePort(container, action.port),
    path: action.path ?? '/',
    headers: action.httpHeaders ?? [],
  };
}

/** GETs, following redirects on the same host; certificates are not verified, as upstream's probes do not. Rejects with Go's texts. */
export async function httpGet(target: HttpTarget, userAgent: string, signal: AbortSignal): Promise<HttpAnswer> {
  const first = new URL(targetUrl(target));
  let url = first;
  for (let hops = 0; ; hops++) {
    const response = await send(url, target.headers, userAgent, signal);
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    const redirected = status >= 301 && status <= 308 && location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    // A redirect to another host is taken as an answer: its target is not this container.
    if (!redirected || redirected.hostname !== first.hostname) return { status, body: await readBody(response, url, signal) };
    response.destroy();
    if (hops + 1 >= maxRedirects) throw new Error(`Get "${location ?? ''}": stopped after ${maxRedirects} redirects`);
    url = redirected;
  }
}

function send(url: URL, headers: readonly corev1.HTTPHeader[], userAgent: string, signal: AbortSignal): Promise<IncomingMessage> {
  const all = new Map<string, [string, string[]]>([['accept', ['Accept', ['*/*']]], ['user-agent', ['User-Agent', [userAgent]]], ['host', ['Host', [`${url.hostname}:${portOf(url)}`]]]]);
  const own = new Set<string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const known = own.has(key) ? all.get(key)?.[1] ?? [] : [];
    own.add(key);
    all.set(key, [name, [...known, value]]);
  }
  // An empty value takes a default header away.
  const present = [...all.values()].filter(([, values]) => values.some((value) => value !== ''));
  const outgoing = Object.fromEntries(present.map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => (isPlainAnswer(error) ? reject(new PlainHttpError(`Get "${spelled(url)}": http: server gave HTTP response to HTTPS client`, { cause: error })) : reject(new Error(`Get "${spelled(url)}": ${signal.aborted ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)' : dialError(error, url.hostname, portOf(url))}`, { cause: error })));
    const options = { headers: outgoing, agent: false, signal, rejectUnauthorized: false };
    const request = url.protocol === 'https:' ? httpsRequest(url, options, resolve) : httpRequest(url, options, resolve);
    request.on('error', fail).end();
  });
}

/** What OpenSSL says of a first byte that is none of TLS. */
function isPlainAnswer(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ERR_SSL_WRONG_VERSION_NUMBER' || error.code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || error.code === 'ERR_SSL_HTTP_REQUEST' || (error.code === 'EPROTO' && /wrong version number|packet length too long|http request/.test(error.message));
}

async function readBody(response: IncomingMessage, url: URL, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBodyBytes) break;
    }
  } catch (error) {
    throw new Error(`Get "${spelled(url)}": ${signal.aborted ? 'context deadline exceeded (Client.Timeout or context cancellation while reading body)' : 'unexpected EOF'}`, { cause: error });
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8');
}
