import { createUser } from '@nats-io/jwt';
import { freePort, makeTempDir, startNats } from '@navarch/testing';
import { connect, jwtAuthenticator, type NatsConnection } from 'nats';
import { readFile } from 'node:fs/promises';
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
