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
  target.once('end', () => {
    connection.targetEnded?.();
  });
  const error = await joinStreams(connection.data, target);
  if (error) connection.fail(describe(connection.port, error));
  else connection.finish();
}

/** Longer than this, a timer would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Serves a client's connections until it goes away, or has had none for `idleMs`; 0 for as long as it likes.
 * @param describe words a failure for the client
 */
export async function forwardPorts(session: PortForwardSession, dial: PortDialer, describe: (port: number, error: Error) => string, idleMs = 0): Promise<void> {
  const gone = new AbortController();
  let open = 0;
  let idle: NodeJS.Timeout | undefined;
  const rest = (): void => {
    if (idleMs > 0 && open === 0) idle = setTimeout(() => session.close(), Math.min(idleMs, LONGEST_TIMER_MS)).unref();
  };
  rest();
  session.onConnection((connection) => {
    clearTimeout(idle);
    open++;
    void serve(connection, dial, gone.signal, describe).finally(() => {
      open--;
      rest();
    });
  });
  await session.closed;
  clearTimeout(idle);
  // Connections end with it, and must not begin another rest.
  open = Number.POSITIVE_INFINITY;
  gone.abort();
}
