import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { IncomingHttpHeaders as IncomingHttp2Headers } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { plainAddress } from '@navarch/component-base';
import type { Asked } from './exchange';

/** Headers of one connection, which go no further (RFC 9110, 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** What goes on to the other side; HTTP/2 has parts of the request among its headers, which are told otherwise. */
export function endToEnd(headers: IncomingHttpHeaders | IncomingHttp2Headers): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').toLowerCase().split(',').map((name) => name.trim()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.has(name) && !name.startsWith(':')));
}

/** The host asked for, as HTTP/1 or HTTP/2 tells it, with a port if the client said one. */
export const hostOf = ({ headers }: Asked): string => headers.host ?? String(headers[':authority'] ?? '');

/** Tells the endpoint who asked, and how. What a client claims of itself is replaced: nobody stands before this proxy. */
export function forwarded(request: Asked, headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const { socket } = request;
  const client = plainAddress(socket.remoteAddress ?? '');
  // HTTP/2 is spoken over TLS only.
  const secure = request.httpVersionMajor > 1 || socket instanceof TLSSocket;
  const host = hostOf(request);
  return {
    ...headers, host,
    'x-forwarded-for': client, 'x-real-ip': client, 'x-forwarded-host': host, 'x-forwarded-proto': secure ? 'https' : 'http', 'x-forwarded-scheme': secure ? 'https' : 'http',
    'x-forwarded-port': String(socket.localPort ?? (secure ? 443 : 80)), 'x-request-id': request.headers['x-request-id'] ?? randomUUID().replaceAll('-', ''),
  };
}
