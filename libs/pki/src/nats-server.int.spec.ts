import { createUser } from '@nats-io/jwt';
import { eventually, freePort, makeTempDir, startNats } from '@navarch/testing';
import { connect, jwtAuthenticator, type NatsConnection } from 'nats';
import { readFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ClusterPki, natsServerConfig, signBusUser } from './index';

/** Publishes and says whether the server objected. */
async function mayPublish(connection: NatsConnection, subject: string): Promise<boolean> {
  const errors: unknown[] = [];
  const watching = (async () => {
    for await (const status of connection.status()) errors.push(status);
  })();
  connection.publish(subject, 'x');
  await connection.flush();
  // The objection is sent after the answer to the ping that flush waits for, or before it; one more trip tells.
  await connection.flush();
  void watching;
  return !JSON.stringify(errors).includes('PERMISSIONS_VIOLATION');
}

it('makes a nats-server serve by TLS, know its users by JWT and hold them to their subjects', async () => {
  const directory = await makeTempDir();
  const pki = new ClusterPki({ directory: directory.path });
  await pki.ensure();
  const operator = await pki.readBusOperator();
  const { cert, key, ca } = pki.files.nats;
  const monitorPort = await freePort();
  const server = await startNats((port) => natsServerConfig({ host: '127.0.0.1', port, monitorPort, serverName: 'test', operator, tls: { certFile: cert, keyFile: key, caFile: ca } }));
  const tls = { ca: await readFile(ca, 'utf8') };
  const user = createUser();
  const open = async (rights: { publish: string[]; subscribe: string[]; expiresAt?: number }): Promise<NatsConnection> => {
    const jwt = await signBusUser(operator.accountSeed, { name: 'system:node:n1', publicKey: user.getPublicKey(), expiresAt: Date.now() + 60_000, ...rights });
    return connect({ servers: `tls://127.0.0.1:${server.port}`, tls, authenticator: jwtAuthenticator(jwt, user.getSeed()), reconnect: false });
  };
  try {
    expect((await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).status).toBe(200);
    const node = await open({ publish: ['heartbeat.n1'], subscribe: ['change.core.pods.n1.>'] });
    expect(await mayPublish(node, 'heartbeat.n1')).toBe(true);
    expect(await mayPublish(node, 'heartbeat.n2')).toBe(false);
    await node.close();
    const mute = await open({ publish: [], subscribe: ['a'] });
    expect(await mayPublish(mute, 'anything')).toBe(false);
    await mute.close();
    await expect(open({ publish: [], subscribe: [], expiresAt: Date.now() - 1000 })).rejects.toThrow();
    await expect(connect({ servers: `tls://127.0.0.1:${server.port}`, tls, reconnect: false })).rejects.toThrow();
  } finally {
    await server.stop();
    await directory.remove();
  }
});

it('lets nobody among the servers of a cluster but who has a certificate of the cluster', async () => {
  const [directory, elsewhere] = [await makeTempDir(), await makeTempDir()];
  const [pki, stranger] = [new ClusterPki({ directory: directory.path }), new ClusterPki({ directory: elsewhere.path })];
  await Promise.all([pki.ensure(), stranger.ensure()]);
  const operator = await pki.readBusOperator();
  const { cert, key, ca } = pki.files.nats;
  const ports = await Promise.all(['routes', 'monitor', 'routes', 'monitor'].map(() => freePort()));
  const [routesPort = 0, monitorPort = 0] = ports;
  const config = (serverName: string, [routes = 0, monitor = 0]: readonly number[]) => (port: number): string =>
    natsServerConfig({ host: '127.0.0.1', port, monitorPort: monitor, serverName, operator, tls: { certFile: cert, keyFile: key, caFile: ca }, cluster: { name: 'navarch', port: routes } });
  const first = await startNats(config('first', ports));
  const routes = async (): Promise<number> => ((await (await fetch(`http://127.0.0.1:${monitorPort}/routez`)).json()) as { num_routes: number }).num_routes;

  /** What the routes' port says to who says to be a server. */
  const heard = async (socket: Socket): Promise<string> => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      socket.destroy();
    });
    socket.on('error', () => undefined); // an alert, or no more than an end: the server turned it away
    socket.write('CONNECT {"verbose":false,"pedantic":false,"name":"third","server_id":"third","cluster":"navarch"}\r\nPING\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    return text;
  };
  const place = { host: '127.0.0.1', port: routesPort };
  const byTls = async (of?: { readonly cert: string; readonly key: string }): Promise<string> =>
    heard(connectTls({ ...place, rejectUnauthorized: false, ...(of === undefined ? {} : { cert: await readFile(of.cert), key: await readFile(of.key) }) }));
  let second: Awaited<ReturnType<typeof startNats>> | undefined;
  try {
    expect(await byTls()).toBe('');
    expect(await byTls(stranger.files.nats)).toBe('');
    // Not one word of the protocol without TLS either.
    expect(await heard(createConnection(place))).not.toContain('INFO');
    expect(await byTls(pki.files.nats)).toContain('INFO');
    await eventually(async () => (await routes()) === 0);
    second = await startNats((port) => config('second', ports.slice(2))(port).replace('cluster {', `cluster {\n  routes: ["nats://127.0.0.1:${routesPort}"]`));
    await eventually(async () => (await routes()) === 1);
  } finally {
    await Promise.all([first.stop(), second?.stop()]);
    await Promise.all([directory.remove(), elsewhere.remove()]);
  }
});
