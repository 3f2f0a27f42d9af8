import type { WebSocket } from 'ws';

import { WebSocketChannels, type ChannelStream } from '../websocket/channels';
import type { PortForwardConnection, PortForwardSession } from './types';

/** The older port-forward over a WebSocket: the ports are named in the query, two channels each, one connection each. */
export class WebSocketPortForwardSession implements PortForwardSession {
  readonly closed: Promise<void>;
  readonly #channels: WebSocketChannels;
  readonly #connections: readonly PortForwardConnection[];
  #open: number;

  constructor(socket: WebSocket, ports: readonly number[], base64: boolean) {
    const channels = new WebSocketChannels(socket, { base64, closeMessages: 'none' });
    this.#channels = channels;
    this.closed = channels.closed;
    this.#open = ports.length;
    this.#connections = ports.map((port, index) => {
      const data = channels.channel(2 * index);
      const error = channels.channel(2 * index + 1);
      // Each channel starts with its port, two bytes, the low one first.
      const number = Buffer.from([port & 0xff, port >> 8]);
      data.write(number);
      error.write(number);
      return new ChannelPair(port, data, error, () => {
        this.#finished();
      });
    });
  }

  onConnection(listener: (connection: PortForwardConnection) => void): void {
    for (const connection of this.#connections) listener(connection);
  }

  close(): void {
    this.#channels.close();
  }

  #finished(): void {
    this.#open--;
    if (this.#open === 0) this.#channels.close();
  }
}

class ChannelPair implements PortForwardConnection {
  #done = false;

  constructor(
    readonly port: number,
    readonly data: ChannelStream,
    private readonly error: ChannelStream,
    private readonly onDone: () => void,
  ) {}

  fail(message: string): void {
    this.error.end(message);
    this.data.destroy();
    this.#finish();
  }

  finish(): void {
    this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.onDone();
  }
}
