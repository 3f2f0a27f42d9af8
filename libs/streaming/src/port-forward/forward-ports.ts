import type { Duplex } from 'node:stream';

import type { PortDialer, PortForwardConnection, PortForwardSession } from './types';

/** Resolves when both directions have ended, or one side is gone. Each direction is passed on as fast as it is read. */
export function joinStreams(a: Duplex, b: Duplex): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let open = 2;
    const settle = (error?: Error): void => {
      if (error) {
        a.destroy();
        b.destroy();
      }
      resolve(error);
    };
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.on('error', settle);
      // Gone without an end: what is on its way to the other side is lost, and it must know.
      from.on('close', () => {
        if (from.readableEnded) return;
        to.destroy();
        settle();
      });
      // Cut off by the peer; its last bytes are still delivered.
      from.on('reset', () => {
        const cut = (): void => {
          to.destroy();
          settle();
        };
        if (from.readableEnded || from.destroyed) cut();
        else from.once('end', cut);
      });
      from.once('end', () => {
        open--;
        if (open === 0) settle();
      });
      from.pipe(to);
    }
  });
}

async function serve(connection: PortForwardConnection, dial: PortDialer, signal: AbortSignal, describe: (port: number, error: Error) => string): Promise<void> {
  let target: Duplex;
  try {
    target = await dial(connection.port, signal);
  } catch (error) {
    connection.fail(describe(connection.port, error as Error));
    return;
  }
  const error = await joinStreams(connection.data, target);
  if (error) connection.fail(describe(connection.port, error));
  else connection.finish();
}

/** Serves a client's connections until it goes away. `describe` words a failure for it. */
export async function forwardPorts(session: PortForwardSession, dial: PortDialer, describe: (port: number, error: Error) => string): Promise<void> {
  const gone = new AbortController();
  session.onConnection((connection) => {
    void serve(connection, dial, gone.signal, describe);
  });
  await session.closed;
  gone.abort();
}
