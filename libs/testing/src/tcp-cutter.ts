import { createServer, connect, type Server, type Socket } from 'node:net';

type Mode = 'open' | 'cut' | 'blackhole';

/** A TCP proxy that breaks links as networks do: cleanly, or by letting bytes vanish. */
export class TcpCutter implements AsyncDisposable {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server: Server;
  #mode: Mode = 'open';
  /** Connections accepted so far. */
  accepted = 0;

  private constructor(targetPort: number, targetHost: string) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      near.on('error', () => near.destroy());
      if (this.#mode === 'cut') {
        near.resetAndDestroy();
        return;
      }
      this.accepted++;
      const far = connect({ port: targetPort, host: targetHost, allowHalfOpen: true });
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [far, near] as const]) {
        from.on('data', (bytes) => {
          if (!to.write(bytes)) from.pause();
        });
        to.on('drain', () => {
          if (this.#mode === 'open') from.resume();
        });
        from.on('end', () => to.end());
        from.on('error', () => to.destroy());
        from.on('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
      if (this.#mode === 'blackhole') this.#freeze(pair);
    });
  }

  /** Starts a proxy to a port on this machine. */
  static async start(targetPort: number, targetHost = '127.0.0.1'): Promise<TcpCutter> {
    const cutter = new TcpCutter(targetPort, targetHost);
    await new Promise<void>((resolve, reject) => {
      cutter.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return cutter;
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('cutter is stopped');
    return address.port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Resets all connections; new ones are reset too until `restore`. */
  cut(): void {
    this.#mode = 'cut';
    this.cutOnce();
  }

  /** Resets all connections; new ones work. */
  cutOnce(): void {
    for (const pair of [...this.#pairs]) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Lets nothing through, in either direction, without closing anything; new connections open and stay silent. */
  blackhole(): void {
    this.#mode = 'blackhole';
    for (const pair of this.#pairs) this.#freeze(pair);
  }

  /** Lets everything through again, also what was held back. */
  restore(): void {
    this.#mode = 'open';
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async stop(): Promise<void> {
    this.cutOnce();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #freeze(pair: readonly [Socket, Socket]): void {
    for (const socket of pair) socket.pause();
  }
}
