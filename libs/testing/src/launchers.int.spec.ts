import { connect } from 'node:net';
import { connect as connectNats, jwtAuthenticator } from 'nats';
import { eventually, startEtcd, startNats, startOperatorNats, TcpCutter } from './index';

async function etcd(endpoint: string, path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${endpoint}/v3/${path}`, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(2000) });
  return (await response.json()) as Record<string, unknown>;
}
const key = Buffer.from('k').toString('base64');

describe('startEtcd', () => {
  it('keeps data over a kill and a restart, and leaves nothing behind', async () => {
    const store = await startEtcd();
    await etcd(store.endpoint, 'kv/put', { key, value: key });
    await store.process.stop('SIGKILL');
    expect(store.process.running).toBe(false);
    await store.restart();
    expect(await eventually(() => etcd(store.endpoint, 'kv/range', { key }))).toMatchObject({ count: '1' });
    await store.stop();
    expect(store.process.running).toBe(false);
  });
});

describe('startNats', () => {
  it('carries messages in plain mode', async () => {
    const server = await startNats();
    const connection = await connectNats({ servers: server.url });
    const subscription = connection.subscribe('a.>');
    connection.publish('a.b', 'hello');
    for await (const message of subscription) {
      expect(message.string()).toBe('hello');
      break;
    }
    await connection.close();
    await server.stop();
  });

  it('knows users by JWT in operator mode', async () => {
    const server = await startOperatorNats();
    await expect(connectNats({ servers: server.url, maxReconnectAttempts: 0, reconnect: false })).rejects.toThrow();
    const user = await server.mintUser('reader', { publish: ['allowed'], subscribe: ['allowed'] });
    const connection = await connectNats({ servers: server.url, authenticator: jwtAuthenticator(user.jwt, Buffer.from(user.seed)) });
    const refused = (async () => {
      for await (const status of connection.status()) if (JSON.stringify(status).includes('PERMISSIONS')) return status;
      return undefined;
    })();
    connection.publish('forbidden', '');
    await connection.flush();
    expect(await refused).toBeDefined();
    await connection.close();
    await server.stop();
  });
});

describe('TcpCutter', () => {
  it('passes bytes, cuts, holds back and restores', async () => {
    const store = await startEtcd();
    const cutter = await TcpCutter.start(store.port);
    const through = `http://127.0.0.1:${cutter.port}`;
    await etcd(through, 'kv/put', { key, value: key });
    cutter.cut();
    await expect(etcd(through, 'kv/range', { key })).rejects.toThrow();
    cutter.blackhole();
    const held = new Promise<string>((resolve, reject) => {
      const socket = connect(cutter.port, '127.0.0.1', () => socket.write('GET /version HTTP/1.0\r\n\r\n'));
      socket.on('error', reject).on('data', (bytes) => {
        resolve(bytes.toString());
        socket.destroy();
      });
    });
    expect(await Promise.race([held, new Promise((resolve) => setTimeout(resolve, 100, 'silent'))])).toBe('silent');
    cutter.restore();
    expect(await held).toContain('etcdserver');
    await cutter.stop();
    await store.stop();
  });
});
