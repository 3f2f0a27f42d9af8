import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export const STREAM_PROTOCOL_HEADER = 'x-stream-protocol-version';
const ACCEPTED_PROTOCOLS_HEADER = 'X-Accepted-Stream-Protocol-Versions';

/** A request that asked for a stream cannot have it: answered over HTTP, before anything is upgraded. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused';

  constructor(
    readonly code: number,
    message: string,
    readonly headers: Readonly<Record<string, string | readonly string[]>> = {},
  ) {
    super(message);
  }
}

/** What a request asks its connection to become. */
export function upgradeKind(request: IncomingMessage): 'spdy' | 'websocket' | undefined {
  const connection = request.headers.connection?.toLowerCase() ?? '';
  if (!connection.split(',').some((token) => token.trim() === 'upgrade')) return undefined;
  const upgrade = request.headers.upgrade?.toLowerCase() ?? '';
  if (upgrade === 'websocket') return 'websocket';
  return upgrade.startsWith('spdy/3.1') ? 'spdy' : undefined;
}

/** The values of a header that may be given several times or as a list. */
export function headerList(request: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) values.push(...(request.rawHeaders[i + 1] ?? '').split(','));
  }
  return values.map((value) => value.trim()).filter((value) => value !== '');
}

/**
 * Picks the client's first protocol that the server speaks.
 * @throws UpgradeRefused with upstream's 403 when there is none
 */
export function negotiateSpdyProtocol(request: IncomingMessage, supported: readonly string[]): string {
  const wanted = headerList(request, STREAM_PROTOCOL_HEADER);
  if (wanted.length === 0) return '';
  const protocol = wanted.find((candidate) => supported.includes(candidate));
  if (protocol !== undefined) return protocol;
  throw new UpgradeRefused(403, `unable to upgrade: unable to negotiate protocol: client supports [${wanted.join(' ')}], server accepts [${supported.join(' ')}]`, {
    [ACCEPTED_PROTOCOLS_HEADER]: supported,
  });
}

function writeHead(socket: Duplex, code: number, headers: Readonly<Record<string, string | readonly string[]>>): void {
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  socket.write(`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\n${lines.join('')}\r\n`);
}

/** Answers 101 and leaves the socket to SPDY. */
export function acceptSpdyUpgrade(socket: Duplex, protocol: string): void {
  writeHead(socket, 101, { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', ...(protocol === '' ? {} : { 'X-Stream-Protocol-Version': protocol }) });
}

/** Answers an upgrade request with an ordinary response, and closes. */
export function refuseUpgrade(socket: Duplex, code: number, body: string, headers: Readonly<Record<string, string | readonly string[]>> = {}): void {
  socket.on('error', () => undefined);
  if (!socket.writable) return;
  writeHead(socket, code, {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  });
  socket.end(body);
}
