import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocket } from 'ws';

import { openPort } from '../rpc/open-port';
import { servePortForward } from '../rpc/serve-port-forward';
import { acceptSpdyUpgrade } from '../http/upgrade';
import { SpdyConnection } from '../spdy/spdy-connection';
import type { SpdyStream } from '../spdy/spdy-stream';
import { WebSocketTunnel } from '../websocket/websocket-tunnel';
import { negotiatePortForward } from './accept';
import { dialPort } from './dial';
import { forwardPorts } from './forward-ports';

const MISSING = 81;

/** Reads all of it and leaves the other direction alone. */
async function text(stream: Duplex): Promise<string> {
  let all = '';
  stream.on('data', (chunk: Buffer) => (all += chunk.toString()));
  if (!stream.readableEnded) await once(stream, 'end');
  return all;
}

/** A WebSocket by hand: `ws` would not ask for a protocol with a slash. */
async function tunnel(url: URL): Promise<WebSocket> {
  const raw = connect(Number(url.port), url.hostname);
  const key = Buffer.alloc(16, 7).toString('base64');
  raw.write(
    `GET ${url.pathname} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
      'Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n\r\n',
  );
  const [answer] = (await once(raw, 'data')) as [Buffer];
  const head = answer.indexOf('\r\n\r\n') + 4;
  expect(answer.toString('latin1', 0, head)).toMatch(/^HTTP\/1.1 101 [\s\S]*\r\nSec-WebSocket-Protocol: SPDY\/3.1\+portforward.k8s.io\r\n/);
  const socket = new WebSocket(null as unknown as string, undefined, { autoPong: true });
  // Made by hand it would take itself for a server's.
  Object.assign(socket, { _isServer: false });
  const opened = once(socket, 'open');
  (socket as unknown as { setSocket(socket: Duplex, head: Buffer, options: object): void }).setSocket(raw, answer.subarray(head), { allowSynchronousEvents: true, maxPayload: 0 });
  await opened;
  return socket;
}

/** A pod: says what it was told, in capitals, after the client has said all. */
const pod = (): Server =>
  createServer({ allowHalfOpen: true }, (socket) => {
    void text(socket).then((all) => socket.end(all.toUpperCase()));
  });

const kubelet = (target: Server): HttpServer =>
  createHttpServer().on('upgrade', (request, socket, head) => {
    const serve = async (): Promise<void> => {
      const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
      const session = await negotiatePortForward(request, socket, head, query).accept();
      const dial = async (port: number): Promise<Duplex> => {
        if (port === MISSING) throw new Error('connection refused');
        const connection = connect({ port: (target.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
        await once(connection, 'connect');
        return connection;
      };
      await forwardPorts(session, dial, (port, error) => `error forwarding port ${port} to pod p: ${error.message}`);
    };
    serve().catch((error: unknown) => socket.destroy(error as Error));
  });

/** As containerd: the data ends, and then the error stream says why. */
const late = createHttpServer().on('upgrade', (request, socket) => {
  acceptSpdyUpgrade(socket, 'portforward.k8s.io');
  const streams: SpdyStream[] = [];
  const connection = new SpdyConnection(socket, { role: 'server' });
  connection.onStream = (stream) => {
    stream.resume().reply();
    const [error] = streams;
    streams.push(stream);
    const tell = (): void => void connection.ping().then(() => late.emit('told'));
    if (error) stream.end(() => error.end('error forwarding port 81 to pod p: no listener', tell));
  };
});

describe('port-forward', () => {
  const target = pod();
  const server = kubelet(target);
  const url = (query = ''): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/portforward${query}`);

  beforeAll(async () => {
    for (const one of [target, server, late]) {
      one.listen(0, '127.0.0.1');
      await once(one, 'listening');
    }
  });
  afterAll(() => {
    target.close();
    server.close();
    late.close();
  });

  const viaRpc = (port: number): Promise<Duplex> => {
    const start = { namespace: 'default', pod: 'p', podUid: '', port };
    return openPort((requests, { signal }) => servePortForward(requests, ({ port: wanted }) => dialPort(url(), wanted), signal), start);
  };

  it.each<[string, (port: number) => Promise<Duplex>]>([
    ['SPDY', (port) => dialPort(url(), port)],
    ['SPDY over gRPC', viaRpc],
  ])('carries a connection over %s and closes its halves one by one', async (_, dial) => {
    const connection = await dial(80);
    connection.end('hello');
    expect(await text(connection)).toBe('HELLO');
  });

  it.each<[string, (port: number) => Promise<Duplex>]>([
    ['SPDY', (port) => dialPort(url(), port)],
    ['SPDY over gRPC', viaRpc],
  ])('tells why a connection failed over %s', async (_, dial) => {
    const connection = await dial(MISSING);
    connection.resume();
    const [error] = (await once(connection, 'error')) as [Error];
    expect(error.message).toBe('error forwarding port 81 to pod p: connection refused');
  });

  it.each<[string, (port: number) => Promise<Duplex>]>([
    ['SPDY', (port) => dialPort(new URL(`http://127.0.0.1:${(late.address() as AddressInfo).port}/`), port)],
    ['SPDY over gRPC', (port) => openPort((requests, { signal }) => servePortForward(requests, () => dialPort(new URL(`http://127.0.0.1:${(late.address() as AddressInfo).port}/`), port), signal), { namespace: 'default', pod: 'p', podUid: '', port })],
  ])('tells over %s what a runtime says only after it has closed the data', async (_, dial) => {
    const told = once(late, 'told');
    const connection = await dial(MISSING);
    await told; // before anybody reads
    const ended = jest.fn();
    connection.on('end', ended).resume();
    const [error] = (await once(connection, 'error')) as [Error];
    expect([error.message, ended.mock.calls]).toEqual(['error forwarding port 81 to pod p: no listener', []]);
  });

  it('carries many connections through one tunnelled session, as kubectl 1.31 asks for it', async () => {
    const socket = await tunnel(url());
    const client = new SpdyConnection(new WebSocketTunnel(socket), { role: 'client' });
    const open = (kind: string, port: number, request: number) =>
      client.openStream(new Map([['streamtype', [kind]], ['port', [String(port)]], ['requestid', [String(request)]]]));
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, request) => {
        const error = open('error', 80, request);
        error.end();
        const data = open('data', 80, request);
        data.end(`request ${request} ${'x'.repeat(50_000)}`);
        const answer = await text(data);
        return [await text(error), answer.length, answer.slice(0, 10)];
      }),
    );
    expect(answers.every(([error, length]) => error === '' && (length as number) >= 50_010)).toBe(true);
    client.close();
    await once(socket, 'close');
  });

  it('speaks the older protocol over a WebSocket: ports in the query, two channels each', async () => {
    const socket = new WebSocket(url(`?ports=80&ports=${MISSING}`), ['v4.channel.k8s.io']);
    const messages: Buffer[][] = [[], [], [], []];
    socket.on('message', (data: Buffer) => messages[data[0] ?? 0]?.push(data.subarray(1)));
    await once(socket, 'open');
    while (!messages[3]?.[1]) await once(socket, 'message');
    expect(messages.map(([first]) => first?.readUInt16LE())).toEqual([80, 80, MISSING, MISSING]);
    expect(messages[3][1].toString()).toBe('error forwarding port 81 to pod p: connection refused');
    socket.close();
    await once(socket, 'close');
  });

  it('resets streams that name no port or type, and answers the others', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST /portforward HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\nContent-Length: 0\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    const [answer = '', rest = ''] = head.toString('latin1').split('\r\n\r\n');
    expect(answer).toContain('X-Stream-Protocol-Version: portforward.k8s.io');
    socket.unshift(Buffer.from(rest, 'latin1'));
    const client = new SpdyConnection(socket, { role: 'client' });
    const refused = client.openStream(new Map([['streamtype', ['data']], ['port', ['0']]]));
    await expect(refused.replied).rejects.toThrow('reset by the peer with status 3');
    await client.openStream(new Map([['streamtype', ['error']], ['port', ['80']]])).replied;
    client.destroy();
  });
});
