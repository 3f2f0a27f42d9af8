import { serviceUnavailable } from '@navarch/apimachinery';
import { request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ConnectRequest } from '../registry/connect';

/** Headers between two neighbours, which are not passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings']);
/** Who the client is to this server is none of the backend's business. */
const CREDENTIALS = new Set(['authorization', 'host']);

function passedOn(headers: IncomingMessage['headers'], alsoWithout: ReadonlySet<string> = new Set()): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (!HOP_BY_HOP.has(name) && !alsoWithout.has(name) && !name.startsWith(':') && !name.startsWith('impersonate-')) kept[name] = value;
  return kept;
}

/** Answers with what a backend has answered. */
async function copyResponse(from: IncomingMessage, { response, upgrade }: ConnectRequest): Promise<void> {
  if (!response) {
    // It was asked to upgrade and did not: the answer is passed on as it is.
    const socket = upgrade?.socket;
    socket?.write(`HTTP/1.1 ${from.statusCode ?? 502} ${from.statusMessage ?? ''}\r\nConnection: close\r\nContent-Type: ${from.headers['content-type'] ?? 'text/plain'}\r\n\r\n`);
    if (socket) await pipeline(from, socket);
    return;
  }
  (response.writeHead as (code: number, headers: OutgoingHttpHeaders) => unknown).call(response, from.statusCode ?? 502, passedOn(from.headers));
  await pipeline(from, response as unknown as Writable);
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

/** Passes a request on to a backend, upgrades included. @throws serviceUnavailable when it cannot be reached */
export function proxyTo(url: URL, connection: ConnectRequest, options: RequestOptions = {}): Promise<void> {
  const { method, request, upgrade, signal } = connection;
  const headers = passedOn(request.headers, CREDENTIALS);
  if (upgrade) Object.assign(headers, { Connection: 'Upgrade', Upgrade: request.headers.upgrade });
  return new Promise((resolve, reject) => {
    const settings = { ...options, method, headers, signal, agent: false as const };
    const call: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, settings) : httpRequest(url, settings);
    call.on('response', (response) => void copyResponse(response, connection).then(resolve, reject));
    call.on('upgrade', (response: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (upgrade) void joinUpgraded(response, socket, head, upgrade.socket, upgrade.head).then(resolve);
      else socket.destroy();
    });
    call.on('error', (error) => {
      // A client that went away needs no answer.
      if (signal.aborted) resolve();
      else reject(serviceUnavailable(`error trying to reach service: ${error.message}`));
    });
    if (upgrade || method === 'GET' || method === 'HEAD') call.end();
    else (request as IncomingMessage).pipe(call);
  });
}
