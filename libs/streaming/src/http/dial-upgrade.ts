import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';

import { STREAM_PROTOCOL_HEADER } from './upgrade';

export interface DialOptions {
  /** Sent with the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Keys and trust for an https address. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;
  /** Gives the dialling up; a connection that is made stays. */
  readonly signal?: AbortSignal;
  /** The connection is cut when nothing has passed it, either way, for so long; 0 or nothing for never. */
  readonly idleMs?: number;
}

/** A server answered an upgrade request with something else. */
export class UpgradeFailed extends Error {
  override readonly name = 'UpgradeFailed';

  constructor(
    readonly code: number,
    /** The answer's body: text, or a Status. */
    readonly body: string,
  ) {
    super(`unable to upgrade connection: ${body.trim() || `status ${code}`}`);
  }
}

const MAX_ERROR_BYTES = 64 * 1024;

async function readBody(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response) {
    body += (chunk as Buffer).toString();
    if (body.length > MAX_ERROR_BYTES) break;
  }
  return body;
}

/**
 * Asks a server to speak SPDY, and answers the connection with the protocol it has picked.
 * @throws UpgradeFailed with what it answered instead
 */
export function dialSpdy(url: URL, protocols: readonly string[], options: DialOptions = {}): Promise<{ socket: Duplex; protocol: string }> {
  const request: RequestOptions & ConnectionOptions = {
    method: 'POST',
    // An agent would want the connection back.
    agent: false,
    headers: { ...options.headers, Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': [...protocols], 'Content-Length': '0' },
    ...options.tls,
    ...(options.signal ? { signal: options.signal } : {}),
  };
  return new Promise((resolve, reject) => {
    const call = url.protocol === 'https:' ? httpsRequest(url, request) : httpRequest(url, request);
    call.once('error', reject);
    call.once('response', (response) => {
      readBody(response).then((body) => {
        reject(new UpgradeFailed(response.statusCode ?? 0, body));
        response.destroy();
      }, reject);
    });
    call.once('upgrade', (response, socket, head) => {
      if (options.idleMs) socket.setTimeout(options.idleMs, () => socket.destroy());
      // The request's signal was for the dialling only.
      socket.on('error', () => undefined);
      if (head.length > 0) socket.unshift(head);
      const protocol = response.headers[STREAM_PROTOCOL_HEADER];
      resolve({ socket, protocol: [protocol].flat()[0] ?? '' });
    });
    call.end();
  });
}
