import type { Duplex } from 'node:stream';

import { RstStatus } from '../spdy/frames';
import { SpdyConnection } from '../spdy/spdy-connection';
import type { SpdyStream } from '../spdy/spdy-stream';
import type { PortForwardConnection, PortForwardSession } from './types';

/** How long a client may take to open the second stream of a pair; upstream's value. */
const PAIR_TIMEOUT_MS = 30_000;

interface Half {
  readonly port: number;
  error?: SpdyStream;
  data?: SpdyStream;
  readonly timer: NodeJS.Timeout;
}

/** A client's port-forward over SPDY: a pair of streams, for errors and for data, per connection. */
export class SpdyPortForwardSession implements PortForwardSession {
  readonly closed: Promise<void>;
  readonly #connection: SpdyConnection;
  readonly #halves = new Map<string, Half>();
  #listener: ((connection: PortForwardConnection) => void) | undefined;
  #early: PortForwardConnection[] = [];

  constructor(transport: Duplex) {
    this.#connection = new SpdyConnection(transport, { role: 'server' });
    this.#connection.onStream = (stream) => {
      this.#accept(stream);
    };
    this.closed = this.#connection.closed.then(() => {
      for (const { timer } of this.#halves.values()) clearTimeout(timer);
      this.#halves.clear();
    });
  }

  onConnection(listener: (connection: PortForwardConnection) => void): void {
    this.#listener = listener;
    for (const connection of this.#early.splice(0)) listener(connection);
  }

  close(): void {
    this.#connection.close();
  }

  #accept(stream: SpdyStream): void {
    const kind = stream.header('streamType');
    const port = Number(stream.header('port'));
    if ((kind !== 'error' && kind !== 'data') || !Number.isInteger(port) || port < 1 || port > 65535) {
      stream.reset(RstStatus.REFUSED_STREAM);
      return;
    }
    // Clients that number no requests open the error stream first and the data stream right after it.
    const id = stream.header('requestID') ?? String(kind === 'error' ? stream.id : stream.id - 2);
    const half = this.#halves.get(id) ?? this.#expect(id, port);
    if (half[kind]) {
      stream.reset(RstStatus.REFUSED_STREAM);
      return;
    }
    half[kind] = stream;
    stream.reply();
    const { error, data } = half;
    if (!error || !data) return;
    clearTimeout(half.timer);
    this.#halves.delete(id);
    this.#open(new SpdyPair(half.port, error, data));
  }

  #expect(id: string, port: number): Half {
    const timer = setTimeout(() => {
      const half = this.#halves.get(id);
      this.#halves.delete(id);
      half?.error?.end(`timed out waiting for data stream of request ${id}`);
      half?.data?.reset();
    }, PAIR_TIMEOUT_MS);
    timer.unref();
    const half: Half = { port, timer };
    this.#halves.set(id, half);
    return half;
  }

  #open(connection: PortForwardConnection): void {
    if (this.#listener) this.#listener(connection);
    else this.#early.push(connection);
  }
}

class SpdyPair implements PortForwardConnection {
  constructor(
    readonly port: number,
    private readonly error: SpdyStream,
    readonly data: SpdyStream,
  ) {
    // Clients close their side of it and send nothing.
    error.resume();
  }

  fail(message: string): void {
    if (!this.error.writableEnded) this.error.end(message);
    this.data.destroy();
  }

  targetEnded(): void {
    this.error.end();
  }

  finish(): void {
    this.error.end();
  }
}
