import { createConnection, createServer, type Socket } from 'node:net';

/** A TCP link to a server that a test can cut, or hold still. */
export interface TcpLink {
  readonly endpoint: string;
  /** Resets all connections, and refuses new ones until `mend`. */
  cut(): void;
  mend(): void;
  /** Lets nothing through to the client, but keeps connections open. */
  hold(): void;
  release(): void;
  /** Cuts once this many bytes have gone to the client from now on. */
  cutAfterBytes(bytes: number): void;
  close(): Promise<void>;
}

export async function openLink(target: string): Promise<TcpLink> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let open = true;
  let held = false;
  let budget = Infinity;
  const cut = (): void => {
    open = false;
    budget = Infinity;
    for (const socket of sockets) socket.resetAndDestroy();
    sockets.clear();
  };
  const server = createServer((client) => {
    if (!open) {
      client.resetAndDestroy();
      return;
    }
    const upstream = createConnection(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()); // a cut is no news here
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstreams.add(upstream);
    upstream.on('close', () => upstreams.delete(upstream));
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      budget -= data.length;
      if (budget < 0) cut();
      else client.write(data);
    });
    if (held) upstream.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the link has no address');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    cut,
    mend: () => (open = true),
    hold: () => {
      held = true;
      for (const socket of upstreams) socket.pause();
    },
    release: () => {
      held = false;
      for (const socket of upstreams) socket.resume();
    },
    cutAfterBytes: (bytes) => (budget = bytes),
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
