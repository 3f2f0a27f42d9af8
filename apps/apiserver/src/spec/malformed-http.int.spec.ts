import { randomBytes } from 'node:crypto';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RestClient, TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

const post = (headers: string, body = '{}'): string => `POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`;
const get = (headers: string, path = '/version'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`;

/** What comes back until the server closes. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined); // being cut off is an answer too
    socket.on('close', () => resolve(text));
    // The server closes its side first; this one then follows.
    socket.on('end', () => socket.end());
  });
}

describe('bytes that are no request', () => {
  let server: TestApiserver;
  let api: RestClient;
  let credentials: { ca: Buffer; cert: Buffer; key: Buffer };

  useTestApi(async (running) => {
    ({ api, server } = running);
    credentials = await server.credentials(server.pki.files.admin);
  });

  /** The server goes on as if nothing had been. */
  afterEach(async () => {
    expect((await api.get('/readyz')).code).toBe(200);
  });

  const tls = (bytes: Buffer | string): Promise<string> => {
    const socket = connectTls({ host: '127.0.0.1', port: server.port, ...credentials }, () => socket.write(bytes));
    return answerOf(socket);
  };

  it.each<[string, () => Buffer | string]>([
    ['noise', () => randomBytes(4096)], ['zeros', () => Buffer.alloc(65_536)], ['plain HTTP', () => get('')],
    ['an HTTP/2 preface', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s instead of TLS are cut off, at both doors', async (_what, bytes) => {
    for (const port of [server.port, server.grpcPort]) {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes()));
      expect(await answerOf(socket)).not.toContain('200 OK');
    }
    expect((await api.get('/metrics')).raw.toString()).toMatch(/^apiserver_tls_handshake_errors_total [1-9]/m);
  });

  it.each<[string, string | Buffer]>([
    ['noise', randomBytes(2000)],
    ['a verb of its own', 'FOO / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a version of its own', 'GET /version HTTP/3.7\r\nHost: x\r\n\r\n'],
    ['two lengths', post('Content-Length: 5\r\nContent-Length: 6')],
    ['a length and chunks', post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['a negative length', post('Content-Length: -1')],
    ['a chunk without size', post('Transfer-Encoding: chunked', 'zz\r\nabc\r\n')],
    ['a header without colon', get('nonsense\r\n')],
    ['a NUL in a header', get('A: b\0c\r\n')],
    ['a header above 1 MiB', get(`A: ${'x'.repeat(1_100_000)}\r\n`)],
    ['a path without slash', get('', 'version')],
    ['a broken escape', get('', '/api/v1/namespaces/%zz/pods')],
  ])('as HTTP get a 400 and the end: %s', async (_what, bytes) => {
    expect(await tls(bytes)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  it.each([
    ['an upgrade to what is not known', get('Upgrade: foo\r\n'), 200],
    ['a header of 100 kB', get(`A: ${'x'.repeat(100_000)}\r\n`), 200],
    ['three thousand headers', get(Array.from({ length: 3000 }, (_, i) => `a${i}: b\r\n`).join('')), 200],
    ['a command of 20 kB in the URL', get('', `/version?command=${'a'.repeat(20_000)}`), 200],
    ['impersonation in broken escapes', get('Impersonate-User: a\r\nImpersonate-Extra-%zz: b\r\n'), 200],
    ['groups without a user', get('Impersonate-Group: a\r\n'), 400],
    ['a verb that nothing has', 'TRACE /api/v1/pods HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405],
  ])('but a request all the same are answered: %s', async (_what, bytes, code) => {
    expect(await tls(bytes)).toContain(`HTTP/1.1 ${code} `);
  });

  it('in HTTP/2 neither: thousands of streams that are reset at once', async () => {
    const session = connectHttp2(server.url, credentials);
    const over = new Promise((resolve) => session.on('close', resolve));
    session.on('error', () => undefined); // the server may end such a session
    for (let i = 0; i < 2000; i++) {
      const stream = session.request({ ':path': '/api/v1/pods' });
      stream.on('error', () => undefined);
      stream.close(8);
    }
    expect((await api.get('/version')).code).toBe(200);
    session.destroy();
    await over;
  });

  it('that stop in the middle of a body harm nobody else', async () => {
    const half = Array.from({ length: 30 }, () => {
      const socket = connectTls({ host: '127.0.0.1', port: server.port, ...credentials }, () => socket.write(post('Content-Type: application/json\r\nContent-Length: 100', '{')));
      return { socket, over: answerOf(socket) };
    });
    expect((await api.post('/api/v1/namespaces/default/configmaps?dryRun=All', { metadata: { name: 'x' } })).code).toBe(201);
    for (const { socket } of half) socket.destroy();
    await Promise.all(half.map(({ over }) => over));
  });
});
