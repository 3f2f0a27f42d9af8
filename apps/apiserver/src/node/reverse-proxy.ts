import { serviceUnavailable } from '@navarch/apimachinery';
import { plainAddress } from '@navarch/component-base';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Duplex, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflate } from 'node:zlib';
import type { ConnectRequest } from '../registry/connect';
import { callFailureText } from '../services/tls-failure';
import { HtmlLinks } from './html-links';
import { type ProxiedPlace, rewriteLink } from './proxied-links';

/** Headers between two neighbours, which are not passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings']);
/** Who the client is to this server is none of the backend's business. */
const CREDENTIALS = new Set(['authorization', 'host']);
/** What a backend allows pages of other origins would be allowed in this server's name. */
const CROSS_ORIGIN = new Set(['access-control-allow-credentials', 'access-control-allow-headers', 'access-control-allow-methods', 'access-control-allow-origin']);

function passedOn(headers: IncomingMessage['headers'], alsoWithout: ReadonlySet<string> = new Set()): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (!HOP_BY_HOP.has(name) && !alsoWithout.has(name) && !name.startsWith(':') && !name.startsWith('impersonate-')) kept[name] = value;
  return kept;
}

/** Where the client's path ends and the backend's begins: behind `proxy`, in a namespace or without one. */
function prefixOf({ request, namespace }: ConnectRequest): string {
  const [path = ''] = (request.url ?? '').split('?', 1);
  return path.split('/').slice(0, namespace === '' ? 6 : 8).join('/');
}

const DECODERS: Readonly<Record<string, () => Transform>> = { gzip: createGunzip, deflate: createInflate };

/** The body as it goes to the client: links of pages are rewritten, also of compressed ones. */
function bodyOf(from: IncomingMessage, headers: OutgoingHttpHeaders, place: ProxiedPlace): (Readable | Transform)[] {
  const type = (from.headers['content-type'] ?? '').split(';', 1)[0]?.trim();
  const encoding = from.headers['content-encoding'] ?? '';
  const decoder = DECODERS[encoding];
  if (type !== 'text/html' || (encoding !== '' && !decoder)) return [from];
  delete headers['content-length'];
  delete headers['content-encoding'];
  return [from, ...(decoder ? [decoder()] : []), new HtmlLinks(place)];
}

/** Answers with what a backend has answered. */
async function copyResponse(from: IncomingMessage, url: URL, connection: ConnectRequest): Promise<void> {
  const { request, response, upgrade } = connection;
  if (!response) {
    // It was asked to upgrade and did not: the answer is passed on as it is.
    const socket = upgrade?.socket;
    socket?.write(`HTTP/1.1 ${from.statusCode ?? 502} ${from.statusMessage ?? ''}\r\nConnection: close\r\nContent-Type: ${from.headers['content-type'] ?? 'text/plain'}\r\n\r\n`);
    if (socket) await pipeline(from, socket);
    return;
  }
  const headers = passedOn(from.headers, CROSS_ORIGIN);
  const place = { hosts: [url.host, request.headers.host ?? ''], prefix: prefixOf(connection) };
  if (from.headers.location !== undefined) headers['location'] = rewriteLink(from.headers.location, place);
  const body = request.method === 'HEAD' || from.headers.location !== undefined ? [from] : bodyOf(from, headers, place);
  (response.writeHead as (code: number, headers: OutgoingHttpHeaders) => unknown).call(response, from.statusCode ?? 502, headers);
  await pipeline([...body, response as unknown as Writable]);
}

function joinUpgraded(from: IncomingMessage, backend: Duplex, head: Buffer, client: Duplex, clientHead: Buffer): Promise<void> {
  const headers = Object.entries(from.headers).flatMap(([name, value]) => [value ?? []].flat().map((one) => `${name}: ${one}\r\n`));
  client.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
  if (head.length > 0) client.write(head);
  if (clientHead.length > 0) backend.write(clientHead);
  return new Promise((resolve) => {
    const end = (): void => {
      client.destroy();
      backend.destroy();
      resolve();
    };
    client.on('close', end).on('error', end);
    backend.on('close', end).on('error', end);
    client.pipe(backend);
    backend.pipe(client);
  });
}

/**
 * Sends a client that asks for the backend's root without a slash to the one with it, since relative links would lead it astray.
 * Answers whether it did.
 */
export function redirectedToRoot({ method, rest, request, response }: ConnectRequest): boolean {
  if (rest !== '' || !response || (method !== 'GET' && method !== 'HEAD')) return false;
  const [path = '', query] = (request.url ?? '').split('?', 2);
  response.statusCode = 301;
  response.setHeader('Location', `${path}/${query === undefined ? '' : `?${query}`}`);
  response.end();
  return true;
}

/**
 * Passes a request on to a backend, upgrades included; with `identity`, those headers say who asks, and none of the client's.
 * @throws serviceUnavailable when it cannot be reached
 */
export function proxyTo(url: URL, connection: ConnectRequest, options: RequestOptions = {}, identity?: OutgoingHttpHeaders): Promise<void> {
  const { method, request, upgrade, signal } = connection;
  const headers = passedOn(request.headers, CREDENTIALS);
  if (identity) {
    for (const name of Object.keys(headers)) if (name.startsWith('x-remote-')) delete headers[name];
    Object.assign(headers, identity);
  }
  headers['x-forwarded-for'] = [headers['x-forwarded-for'] ?? [], plainAddress(request.socket.remoteAddress ?? '')].flat().join(', ');
  headers['X-Forwarded-Uri'] = prefixOf(connection) + url.pathname;
  if (upgrade) Object.assign(headers, { Connection: 'Upgrade', Upgrade: request.headers.upgrade });
  return new Promise((resolve, reject) => {
    const settings = { ...options, method, headers, signal, agent: false as const };
    const call: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, settings) : httpRequest(url, settings);
    call.on('response', (response) => void copyResponse(response, url, connection).then(resolve, reject));
    call.on('upgrade', (response: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (upgrade) void joinUpgraded(response, socket, head, upgrade.socket, upgrade.head).then(resolve);
      else socket.destroy();
    });
    call.on('error', (error) => {
      // A client that went away needs no answer.
      if (signal.aborted) resolve();
      else reject(serviceUnavailable(`error trying to reach service: ${callFailureText(error)}`));
    });
    if (upgrade || method === 'GET' || method === 'HEAD') call.end();
    else (request as IncomingMessage).pipe(call);
  });
}
