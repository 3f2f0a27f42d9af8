import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type Duplex, Writable } from 'node:stream';

import type { WebSocket } from 'ws';

import { acceptWebSocket, negotiateWebSocketProtocol } from './websocket-server';

const BINARY = 'binary.k8s.io';
const BASE64 = 'base64.binary.k8s.io';

/** How messages go out: as texts, as bytes, or as bytes in base64. */
export type MessageForm = 'text' | 'binary' | 'base64';

/** One way of a conversation as a Node stream: each write is a message of its own. */
export class WebSocketMessages extends Writable {
  constructor(
    private readonly socket: WebSocket,
    private readonly form: MessageForm,
  ) {
    super({ decodeStrings: true });
    socket.once('close', () => this.destroy());
    // What is wrong with a peer shows in its closing; what it says is not listened to.
    socket.on('error', () => undefined);
    socket.on('message', () => undefined);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.socket.readyState !== this.socket.OPEN) {
      callback();
      return;
    }
    const message = this.form === 'binary' ? chunk : chunk.toString(this.form === 'text' ? 'utf8' : 'base64');
    this.socket.send(message, { binary: this.form === 'binary' }, () => callback());
  }

  override _final(callback: () => void): void {
    this.socket.close(1000);
    if (this.socket.readyState === this.socket.CLOSED) callback();
    else void once(this.socket, 'close').then(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.socket.terminate();
    callback(error);
  }
}

/** Accepts a WebSocket that only listens, whatever protocol it names. @throws UpgradeRefused */
export function acceptListener(request: IncomingMessage, socket: Duplex, head: Buffer, form: MessageForm): Promise<WebSocketMessages> {
  return acceptWebSocket(request, socket, head, soleProtocol(request), (accepted) => new WebSocketMessages(accepted, form));
}

/** Accepts a WebSocket that reads a stream of bytes, in upstream's protocols for it. @throws UpgradeRefused */
export function acceptReader(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocketMessages> {
  const protocol = negotiateWebSocketProtocol(request, ['', BINARY, BASE64]);
  return acceptWebSocket(request, socket, head, protocol, (accepted) => new WebSocketMessages(accepted, protocol === BASE64 ? 'base64' : 'binary'));
}

/** A client that names one protocol wants to hear it confirmed; among several there is nothing to choose by. */
function soleProtocol(request: IncomingMessage): string {
  const named = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  return named.length === 1 ? (named[0] ?? '') : '';
}
