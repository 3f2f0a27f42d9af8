import { Duplex } from 'node:stream';

import type { RawData, WebSocket } from 'ws';

/** The message of v5 by which a sender closes a channel: this number, then the channel's. */
const CLOSE_CHANNEL = 255;
const READ_BUFFER_BYTES = 64 * 1024;

export interface ChannelsOptions {
  /** Text messages with a digit for the channel and base64 behind it, instead of bytes. */
  readonly base64: boolean;
  /** The peer closes channels by a message (a v5 server), or hears of it by one (a v5 client: servers never send any). */
  readonly closeMessages: 'received' | 'sent' | 'none';
}

/** The numbered streams of one WebSocket, as Kubernetes multiplexes them: the first byte of a message is its channel. */
export class WebSocketChannels {
  /** Resolves when the WebSocket is closed. */
  readonly closed: Promise<void>;
  readonly #channels = new Map<number, ChannelStream>();
  readonly #holding = new Set<ChannelStream>();

  constructor(
    private readonly socket: WebSocket,
    private readonly options: ChannelsOptions,
  ) {
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const channel of this.#channels.values()) channel.receiveEnd();
        resolve();
      });
    });
    // A malformed frame closes the socket too; there is nothing else to do about it.
    socket.on('error', () => undefined);
    socket.on('message', (data: RawData) => {
      this.#receive(Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer));
    });
  }

  /** The stream of a channel; messages for channels nobody asked for are dropped. */
  channel(number: number): ChannelStream {
    const known = this.#channels.get(number);
    if (known) return known;
    const channel = new ChannelStream(number, this);
    this.#channels.set(number, channel);
    return channel;
  }

  /** Sends one message; calls back when it has left, also when it no longer can. */
  send(channel: number, data: Buffer, callback: () => void): void {
    if (this.socket.readyState !== this.socket.OPEN) {
      callback();
      return;
    }
    const message = this.options.base64 ? `${channel}${data.toString('base64')}` : Buffer.concat([Buffer.from([channel]), data]);
    this.socket.send(message, { binary: !this.options.base64 }, () => {
      callback();
    });
  }

  /** Tells the peer that no more will come on a channel, where the protocol can say so. */
  sendEnd(channel: number, callback: () => void): void {
    if (this.options.closeMessages === 'sent') this.send(CLOSE_CHANNEL, Buffer.from([channel]), callback);
    else callback();
  }

  /** Holds all channels up, or no longer, because of this one. */
  holdUp(channel: ChannelStream, hold: boolean): void {
    if (hold) this.#holding.add(channel);
    else this.#holding.delete(channel);
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.#holding.size > 0) this.socket.pause();
    else this.socket.resume();
  }

  close(code = 1000, reason = ''): void {
    // The closing handshake must be read.
    this.#holding.clear();
    if (this.socket.isPaused) this.socket.resume();
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.socket.terminate();
  }

  #receive(message: Buffer): void {
    if (message.length === 0) return;
    const first = message[0] ?? 0;
    // In base64 a channel is a digit's character.
    const number = this.options.base64 ? first - 48 : first;
    const data = this.options.base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
    if (this.options.closeMessages === 'received' && number === CLOSE_CHANNEL) this.#channels.get(data[0] ?? CLOSE_CHANNEL)?.receiveEnd();
    else this.#channels.get(number)?.receive(data);
  }
}

/** One channel as a Node stream. The peer's going away ends it; what is written then is dropped. */
export class ChannelStream extends Duplex {
  #ended = false;

  constructor(
    readonly number: number,
    private readonly channels: WebSocketChannels,
  ) {
    super({ allowHalfOpen: true, readableHighWaterMark: READ_BUFFER_BYTES, writableHighWaterMark: READ_BUFFER_BYTES });
    this.on('error', () => undefined);
  }

  receive(data: Buffer): void {
    if (this.#ended || this.destroyed || data.length === 0) return;
    if (!this.push(data)) this.channels.holdUp(this, true);
  }

  receiveEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.push(null);
  }

  override _read(): void {
    this.channels.holdUp(this, false);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.channels.send(this.number, chunk, callback);
  }

  override _final(callback: () => void): void {
    this.channels.sendEnd(this.number, callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.channels.holdUp(this, false);
    callback(error);
  }
}
