import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Clock } from '@navarch/clock';
import { type Component } from '../component';
import { watchBoundary, type BoundaryEvent } from './boundary';
import { describeMessage } from './describe-message';

/** What one viewer may be behind before it is cut: looking must not fill the memory of what is looked at. */
const behindBytes = 4 * 1024 ** 2;

/** Tells whoever connects to a Unix socket what crosses this process's boundaries from then on, a line of JSON each. Only its owner may connect. */
export class TapServer implements Component {
  readonly name = 'tap-server';
  #server: Server | undefined;
  /** With how to stop telling each. */
  readonly #viewers = new Map<Socket, () => void>();

  constructor(private readonly socket: string, private readonly clock: Clock) {}

  async start(): Promise<void> {
    mkdirSync(dirname(this.socket), { recursive: true });
    rmSync(this.socket, { force: true });
    const server = (this.#server = createServer((viewer) => this.#show(viewer)));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.socket, resolve);
    });
    chmodSync(this.socket, 0o600);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    for (const [viewer, end] of this.#viewers) {
      end();
      viewer.destroy();
    }
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #show(viewer: Socket): void {
    const end = watchBoundary((event) => {
      if (viewer.writableLength > behindBytes) viewer.destroy();
      else viewer.write(`${JSON.stringify(this.#line(event))}\n`);
    });
    this.#viewers.set(viewer, end);
    viewer.on('error', () => undefined); // a viewer may go at any time
    viewer.on('close', () => {
      end();
      this.#viewers.delete(viewer);
    });
  }

  #line({ carrier, direction, what, bytes, message }: BoundaryEvent): object {
    return {
      time: new Date(this.clock.now()).toISOString(),
      carrier,
      direction,
      what,
      ...(bytes === undefined ? {} : { bytes }),
      ...(message === undefined ? {} : { message: describeMessage(message()) }),
    };
  }
}
