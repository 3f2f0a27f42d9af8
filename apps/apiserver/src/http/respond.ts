import { isApiError, type Status, toStatus, yamlOf } from '@navarch/apimachinery';
import type { OutgoingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { encodeProtobuf } from '../codec/protobuf-body';
import { CONTENT_TYPE, type Format, JSON_OBJECT, Negotiator, type Representation } from './accept';
import type { Exchange } from './exchange';
import { wantsPretty } from './pretty';
import { warningHeaders } from './warning-headers';

const gzipAsync = promisify(gzip);

/** As upstream: below this, compressing costs more than it saves. */
export const GZIP_FROM_BYTES = 128 * 1024;
/** Fast rather than small: level 1 is upstream's choice too. */
export const GZIP_LEVEL = 1;

/** Headers that every answer of this server carries. */
export function baseHeaders(exchange: Exchange, contentType: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { 'Audit-Id': exchange.id, 'Cache-Control': 'no-cache, private', 'Content-Type': contentType };
  if (exchange.warnings.length > 0) headers['Warning'] = warningHeaders(exchange.warnings);
  return headers;
}

/** Takes `headers` over. */
export function writeHead(exchange: Exchange, code: number, headers: OutgoingHttpHeaders): void {
  exchange.status = code;
  Object.assign(headers, exchange.headers);
  // Both kinds of response take this; their declared header types differ only in name.
  (exchange.response.writeHead as (code: number, headers: OutgoingHttpHeaders) => unknown).call(exchange.response, code, headers);
}

export function acceptsGzip(exchange: Exchange): boolean {
  const accepted = exchange.request.headers['accept-encoding'];
  return typeof accepted === 'string' && accepted.includes('gzip');
}

const isAnswered = ({ response }: Exchange): boolean => response.headersSent || response.writableEnded;

/** Answers with a body that is at hand. */
export async function send(exchange: Exchange, code: number, contentType: string, body: Buffer | string, headers = baseHeaders(exchange, contentType)): Promise<void> {
  if (isAnswered(exchange)) return;
  let bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (exchange.bodies) exchange.bodies.response = bytes;
  if (bytes.length >= GZIP_FROM_BYTES && acceptsGzip(exchange)) {
    bytes = await gzipAsync(bytes, { level: GZIP_LEVEL });
    headers['Content-Encoding'] = 'gzip';
    headers['Vary'] = 'Accept-Encoding';
  }
  headers['Content-Length'] = bytes.length;
  exchange.bytesWritten = bytes.length;
  if (exchange.beforeEnd) await exchange.beforeEnd(code);
  // Who has gone meanwhile, or was told that it took too long, gets nothing more.
  if (isAnswered(exchange)) return;
  writeHead(exchange, code, headers);
  if (exchange.request.method === 'HEAD') exchange.response.end();
  else (exchange.response.end as (chunk: Buffer) => unknown).call(exchange.response, bytes);
}

const STATUS = { group: '', version: 'v1', kind: 'Status' } as const;

/** Everything speaks of failures in all formats, whatever it serves itself. */
const statusForms = new Negotiator({ formats: ['json', 'yaml', 'protobuf'], views: ['object'] });

/**
 * Answers with a Status, in the form that the client takes, as upstream's `WriteObjectNegotiated`: a failure that the client takes
 * in no form there is comes in JSON all the same.
 */
export function sendStatus(exchange: Exchange, code: number, status: Status, chosen?: Representation): Promise<void> {
  const negotiated = chosen ?? statusForms.negotiate(exchange.request.headers.accept) ?? { ...JSON_OBJECT, isPretty: true };
  const form = wantsPretty(exchange, negotiated) ? 'pretty' : 'plain';
  const bytes = statusBytes[negotiated.format](status, form);
  return send(exchange, code, CONTENT_TYPE[negotiated.format], bytes);
}

const statusBytes: Readonly<Record<Format, (status: Status, form: 'pretty' | 'plain') => Buffer | string>> = {
  json: (status, form) => `${JSON.stringify(status, undefined, form === 'pretty' ? 2 : undefined)}\n`,
  yaml: (status) => yamlOf(status),
  protobuf: (status) => encodeProtobuf(STATUS, Buffer.from(JSON.stringify(status))) ?? Buffer.alloc(0),
};

/** Answers a failure as a Status; anything that is no ApiError is logged by the caller and shown as an internal error. */
export async function sendError(exchange: Exchange, error: unknown): Promise<void> {
  if (exchange.response.headersSent) {
    // The answer has begun: cutting it off is the only way left to say that it is not whole.
    exchange.response.destroy();
    return;
  }
  const status = isApiError(error) ? error.status : toStatus(error);
  const code = status.code ?? 500;
  exchange.refusal = status;
  if (code === 401) exchange.response.setHeader('WWW-Authenticate', 'Bearer realm="kubernetes-master"');
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter) exchange.response.setHeader('Retry-After', String(retryAfter));
  await sendStatus(exchange, code, status);
}

/** 404 for a path that serves nothing, in plain text as upstream's mux. */
export function sendPathNotFound(exchange: Exchange): Promise<void> {
  return send(exchange, 404, 'text/plain; charset=utf-8', '404 page not found\n');
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** 500 in plain text: what upstream says where no answer of the API can be given. */
export function sendPlainFailure(exchange: Exchange, why: string): Promise<void> {
  const text = `Internal Server Error: ${JSON.stringify(exchange.request.url ?? '')}: ${why}`;
  exchange.response.setHeader('X-Content-Type-Options', 'nosniff');
  return send(exchange, 500, 'text/plain; charset=utf-8', `${text.replace(/[&<>]/g, (sign) => HTML[sign] ?? sign)}\n`);
}
