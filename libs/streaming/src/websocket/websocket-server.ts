import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { WebSocketServer, type WebSocket } from 'ws';

import { headerList, UpgradeRefused } from '../http/upgrade';

/** A message is a chunk of a stream: kubectl sends 32 KiB, no client needs more than this. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE_BYTES,
});
/** The protocol is picked here, and kept from `ws`: it holds one with a slash, such as kubectl's tunnel, for malformed. */
const chosen = new WeakMap<IncomingMessage, string>();
server.on('headers', (headers: string[], request: IncomingMessage) => {
  const protocol = chosen.get(request);
  if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
});

/**
 * Picks the client's first protocol that the server speaks; the empty one when it names none.
 * @throws UpgradeRefused when there is none
 */
export function negotiateWebSocketProtocol(request: IncomingMessage, supported: readonly string[]): string {
  const wanted = headerList(request, 'sec-websocket-protocol');
  if (wanted.length === 0 && supported.includes('')) return '';
  const protocol = wanted.find((candidate) => candidate !== '' && supported.includes(candidate));
  if (protocol !== undefined) return protocol;
  throw new UpgradeRefused(400, `websocket: requested protocol(s) are not supported: [${wanted.join(' ')}]; supports [${supported.join(' ')}]`);
}

/**
 * Completes the handshake and answers what `use` makes of the WebSocket. It is called at once: messages that came with
 * the handshake are told before a promise could resolve.
 * @throws UpgradeRefused when the request is not a WebSocket's
 */
export function acceptWebSocket<S>(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string, use: (socket: WebSocket) => S): Promise<S> {
  const key = request.headers['sec-websocket-key'] ?? '';
  if (request.method !== 'GET' || !/^[+/0-9A-Za-z]{22}==$/.test(key)) {
    return Promise.reject(new UpgradeRefused(400, 'malformed WebSocket handshake'));
  }
  if (request.headers['sec-websocket-version'] !== '13') {
    return Promise.reject(new UpgradeRefused(400, 'missing or bad WebSocket Version', { 'Sec-WebSocket-Version': '13' }));
  }
  if (protocol !== '') chosen.set(request, protocol);
  delete request.headers['sec-websocket-protocol'];
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, (accepted) => {
      resolve(use(accepted));
    });
  });
}
