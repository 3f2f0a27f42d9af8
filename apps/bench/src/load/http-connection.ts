import { connect, type TLSSocket } from 'node:tls';
import { ResponseParser, type ResponseSink } from './response-parser';

/** A server under load, and who asks. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** PEM texts; without certificate the caller is anonymous. */
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Every connection reads into this: what is read is consumed at once. */
const readBuffer = Buffer.alloc(128 * 1024);

/** One HTTP/1.1 connection over TLS that is kept alive; one request at a time. */
export class HttpConnection {
  readonly #socket: TLSSocket;
  readonly #parser: ResponseParser;
  #failure: Error | undefined;
  #sink: ResponseSink | undefined;
  #onFailure: ((error: Error) => void) | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.#parser = new ResponseParser({
      onHead: (status) => this.#sink?.onHead(status),
      onBody: (data) => this.#sink?.onBody(data),
      onEnd: () => this.#sink?.onEnd(),
    });
  }

  static open(target: Target): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const { host, port, ca, cert, key } = target;
      // Read by the callback below; the option is in Node's documentation of tls.connect, but not in its types.
      const onread = { buffer: readBuffer, callback: (size: number, buffer: Uint8Array) => connection.#arrived(Buffer.from(buffer.buffer, buffer.byteOffset, size)) };
      const options = { host, port, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'], ...(cert !== undefined && key !== undefined ? { cert, key } : {}), onread };
      const socket = connect(options, () => {
        socket.off('error', reject);
        resolve(connection);
      });
      const connection = new HttpConnection(socket);
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.on('error', (error: Error) => connection.#fail(error));
      socket.on('close', () => connection.#fail(new Error('the server closed the connection')));
    });
  }

  /** Sends a request; its response goes to the sink, a broken connection to `onFailure`. */
  send(request: Buffer, sink: ResponseSink, onFailure: (error: Error) => void): void {
    this.#sink = sink;
    this.#onFailure = onFailure;
    if (this.#failure !== undefined) onFailure(this.#failure);
    else this.#socket.write(request);
  }

  close(): void {
    this.#onFailure = undefined;
    this.#socket.destroy();
  }

  #arrived(data: Buffer): boolean {
    try {
      this.#parser.push(data);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const tell = this.#onFailure;
    this.#onFailure = undefined;
    tell?.(this.#failure);
    this.#socket.destroy();
  }
}
