import { Duplex } from 'node:stream';

import type { RawData, WebSocket } from 'ws';

/** The binary messages of a WebSocket as one stream of bytes: what SPDY is tunnelled through. */
export class WebSocketTunnel extends Duplex {
  constructor(private readonly socket: WebSocket) {
    super({ allowHalfOpen: false });
    this.on('error', () => undefined);
    socket.on('error', () => undefined);
    socket.on('message', (data: RawData) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
      if (bytes.length > 0 && !this.push(bytes) && socket.readyState === socket.OPEN) socket.pause();
    });
    socket.once('close', () => {
      this.push(null);
      this.destroy();
    });
  }

  override _read(): void {
    if (this.socket.isPaused) this.socket.resume();
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    // A frame's header and payload travel in one message.
    const message = chunks.length === 1 && chunks[0] ? chunks[0].chunk : Buffer.concat(chunks.map(({ chunk }) => chunk));
    if (this.socket.readyState !== this.socket.OPEN) {
      callback();
      return;
    }
    this.socket.send(message, { binary: true }, () => {
      callback();
    });
  }

  override _final(callback: () => void): void {
    if (this.socket.isPaused) this.socket.resume();
    this.socket.close(1000);
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.close(1000);
    callback(error);
  }
}
