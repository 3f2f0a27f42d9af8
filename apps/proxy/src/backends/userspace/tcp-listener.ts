import { connect, createServer, type Server, type Socket } from 'node:net';
import type { proxyv1 } from '@navarch/proto';

/** Chooses an endpoint for a client's address, after one has failed. */
export type Choose = (client: string, failed?: proxyv1.Endpoint) => proxyv1.Endpoint | undefined;

export interface Listener {
  /** Ends flows without connections whose endpoint is gone. */
  prune(isKept: (endpoint: proxyv1.Endpoint) => boolean): void;
  close(): Promise<void>;
}

const attempts = 4;

/** Carries TCP connections; half-closed ones stay so on both sides. */
export async function listenTcp(address: string, port: number, choose: Choose): Promise<Listener> {
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    carry(client, choose, attempts);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, resolve);
  });
  return {
    // Connections end with the process that serves them, not with its readiness.
    prune: () => undefined,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** An endpoint that does not take the connection is passed over, as upstream's userspace proxy did. */
function carry(client: Socket, choose: Choose, left: number, failed?: proxyv1.Endpoint): void {
  const endpoint = left > 0 && !client.destroyed ? choose(client.remoteAddress ?? '', failed) : undefined;
  if (endpoint === undefined) {
    client.resetAndDestroy();
    return;
  }
  const server = connect({ host: endpoint.address, port: endpoint.port, allowHalfOpen: true });
  const refused = (): void => carry(client, choose, left - 1, endpoint);
  server.once('error', refused);
  server.once('connect', () => {
    server.off('error', refused);
    server.on('error', () => client.destroy());
    server.once('close', () => client.destroy());
    client.once('close', () => server.destroy());
    client.pipe(server);
    server.pipe(client);
  });
}
