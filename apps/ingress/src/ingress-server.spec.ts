import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { connect as connectH2, createServer as createH2Server, type IncomingHttpHeaders as H2Headers } from 'node:http2';
import { request as secureRequest } from 'node:https';
import { request } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import type { corev1, discoveryv1, networkingv1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger, watchBoundary } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { freePort } from '@navarch/testing';
import { Registry } from 'prom-client';
import { Certificates } from './certificates';
import { IngressMetrics } from './ingress-metrics';
import { IngressServer } from './ingress-server';
import { RoutingTable } from './routing-table';

/** A pod that tells what it was asked, and echoes what comes after an upgrade. */
async function pod(name: string): Promise<{ server: Server; port: number }> {
  const server = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => answer.writeHead(201, { 'x-pod': name, connection: 'keep-alive' }).end(JSON.stringify({ headers: asked.headers, url: asked.url, body: Buffer.concat(chunks).toString() })));
  });
  server.on('upgrade', (asked, socket) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${asked.headers.upgrade ?? ''}\r\n\r\n`);
    socket.pipe(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

const ingress = (spec: networkingv1.IngressSpec): networkingv1.Ingress => ({ metadata: { namespace: 'default', name: 'web' }, spec });
const webRule: networkingv1.IngressRule = { host: 'web.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }] } };

describe('IngressServer', () => {
  let ca: CertificateAuthority;
  let web: { server: Server; port: number };
  let server: IngressServer;
  let endpointPorts: number[];
  let appProtocol: string | undefined;
  let routes: RoutingTable;
  let secrets: Record<string, corev1.Secret>;
  const certificates = new Certificates({ secret: (_namespace, name) => secrets[name], onBad: () => undefined });

  beforeAll(async () => {
    ca = await CertificateAuthority.create('test', new FakeClock(Date.now()));
    web = await pod('web');
  });
  afterAll(() => web.server.close());

  beforeEach(async () => {
    endpointPorts = [web.port];
    appProtocol = undefined;
    secrets = {};
    routes = new RoutingTable([ingress({ rules: [webRule] })]);
    const service = (): corev1.Service => ({ metadata: { namespace: 'default', name: 'web' }, spec: { ports: [{ name: 'http', port: 80, ...(appProtocol === undefined ? {} : { appProtocol }) }] } });
    const slices = (): discoveryv1.EndpointSlice[] =>
      endpointPorts.map((port) => ({
        metadata: { name: `s${port}` },
        addressType: 'IPv4',
        ports: [{ name: 'http', port }],
        endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      }));
    server = new IngressServer({ hosts: ['127.0.0.1', '::1'], httpPort: 0, httpsPort: 0, defaultCertificate: await ca.issue({ commonName: 'default', usages: ['server auth'], hosts: ['default.test'] }) }, {
      routes: () => routes, certificate: (name) => certificates.find(name), metrics: new IngressMetrics(new Registry()), log: silentLogger, services: { service: (_namespace, name) => (name === 'web' ? service() : undefined), slices },
    });
    await server.start();
  });
  afterEach(() => server.stop());

  const read = async (answer: IncomingMessage): Promise<{ code: number; text: string; headers: IncomingHttpHeaders }> => {
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
    return { code: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString(), headers: answer.headers };
  };
  const ask = (host: string, options: { method?: string; body?: string; path?: string; headers?: Record<string, string> } = {}): Promise<{ code: number; text: string; headers: IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: server.ports[0],
          method: options.method ?? 'GET',
          path: options.path ?? '/',
          headers: { host, ...options.headers },
          agent: false,
        },
        (answer) => void read(answer).then(resolve, reject),
      );
      outgoing.on('error', reject).end(options.body);
    });

  it('passes requests on with body, query and the client\'s address, whatever the client claims', async () => {
    const { code, text, headers } = await ask('web.test:80', { method: 'POST', body: 'hello', path: '/a?b=c', headers: { 'x-forwarded-for': '6.6.6.6', connection: 'x-secret', 'x-secret': '1' } });
    expect([code, headers['x-pod']]).toEqual([201, 'web']);
    expect(JSON.parse(text)).toMatchObject({ url: '/a?b=c', body: 'hello', headers: { host: 'web.test:80', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'web.test:80', 'x-real-ip': '127.0.0.1' } });
    expect(text).not.toContain('x-secret');
  });

  it('takes requests on each of its addresses, and tells whose they are', async () => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => request({ host: '::1', port: server.ports[2], headers: { host: '[::1]:80' }, agent: false }, resolve).on('error', reject).end());
    expect(await read(answer)).toMatchObject({ code: 404 });
    const named = await new Promise<IncomingMessage>((resolve, reject) => request({ host: '::1', port: server.ports[2], headers: { host: 'web.test' }, agent: false }, resolve).on('error', reject).end());
    expect(JSON.parse((await read(named)).text)).toMatchObject({ headers: { 'x-forwarded-for': '::1' } });
  });

  it('tries the next endpoint when one takes no connections, also with a body', async () => {
    endpointPorts = [await freePort(), web.port];
    for (const body of ['one', 'two']) expect(await ask('web.test', { method: 'POST', body })).toMatchObject({ code: 201 });
  });

  it('answers 404 without a rule, 503 without an endpoint and 502 where none can be reached', async () => {
    expect(await ask('other.test')).toMatchObject({ code: 404, text: 'default backend - 404\n' });
    endpointPorts = [];
    expect((await ask('web.test')).code).toBe(503);
    endpointPorts = [await freePort()];
    expect((await ask('web.test')).code).toBe(502);
  });

  it('tells whoever looks which host was asked and how it ended, and nothing that may be a secret', async () => {
    const told: unknown[] = [];
    const stop = watchBoundary(({ carrier, what, message }) => told.push([carrier, what, message?.()]));
    await ask('web.test', { method: 'POST', body: 'password', path: '/reset/hunter2?token=hunter2', headers: { authorization: 'Bearer hunter2', cookie: 'hunter2' } });
    await ask('other.test');
    stop();
    await ask('web.test');
    expect(told).toEqual([['http', 'POST web.test', { code: 201 }], ['http', 'GET other.test', { code: 404 }]]);
  });

  it('follows rules that change', async () => {
    routes = new RoutingTable([ingress({ defaultBackend: { service: { name: 'web', port: { number: 80 } } } })]);
    expect((await ask('any.test')).code).toBe(201);
  });

  it('shows the certificate of the Secret by server name, renewed ones at once, and the default otherwise', async () => {
    certificates.update([ingress({ rules: [webRule], tls: [{ hosts: ['web.test', '*.wild.test'], secretName: 'cert' }, { hosts: ['bad.test'], secretName: 'bad' }] })]);
    const secretOf = async (name: string, version: string): Promise<corev1.Secret> => {
      const { cert, key } = await ca.issue({ commonName: name, usages: ['server auth'], hosts: [name] });
      return { metadata: { name: 'cert', resourceVersion: version }, data: { 'tls.crt': Buffer.from(cert).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') } };
    };
    const shown = (servername: string): Promise<unknown> => new Promise((resolve, reject) => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port: server.ports[1] ?? 0, servername, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    expect(await shown('web.test')).toBe('default');
    secrets = { cert: await secretOf('first', '1'), bad: { metadata: { name: 'bad', resourceVersion: '1' }, data: { 'tls.crt': 'bm8=', 'tls.key': 'bm8=' } } };
    expect([await shown('web.test'), await shown('x.wild.test'), await shown('bad.test')]).toEqual(['first', 'first', 'default']);
    secrets = { ...secrets, cert: await secretOf('second', '2') };
    expect(await shown('web.test')).toBe('second');
    const proto = await new Promise<string>((resolve, reject) => {
      secureRequest(
        { host: '127.0.0.1', port: server.ports[1], servername: 'web.test', headers: { host: 'web.test' }, rejectUnauthorized: false, agent: false },
        (answer) => void read(answer).then(({ text }) => resolve(text), reject),
      )
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(proto)).toMatchObject({ headers: { 'x-forwarded-proto': 'https' } });
  });

  it('lets WebSockets through', async () => {
    const echoed = await new Promise<string>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: server.ports[0], headers: { host: 'web.test', connection: 'Upgrade', upgrade: 'websocket' } });
      outgoing.on('upgrade', (answer, socket) => {
        socket.on('data', (data: Buffer) => {
          resolve(`${answer.headers.upgrade ?? ''} ${data.toString()}`);
          socket.destroy();
        });
        socket.write('ping');
      }).on('error', reject).end();
    });
    expect(echoed).toBe('websocket ping');
  });

  describe('by HTTP/2', () => {
    interface Told {
      readonly headers: H2Headers;
      readonly text: string;
      readonly trailers: H2Headers;
    }
    /** Several requests over one connection. */
    const overOne = async (requests: { path: string; body?: string; headers?: Record<string, string> }[]): Promise<Told[]> => {
      const session = connectH2(`https://127.0.0.1:${server.ports[1] ?? 0}`, { rejectUnauthorized: false, servername: 'web.test' });
      try {
        return await Promise.all(requests.map(({ path, body, headers }) => new Promise<Told>((resolve, reject) => {
          const stream = session.request({ ':path': path, ':method': body === undefined ? 'GET' : 'POST', ':authority': 'web.test', ...headers });
          const told = { headers: {} as H2Headers, text: '', trailers: {} as H2Headers };
          stream.on('response', (answer) => (told.headers = answer)).on('trailers', (trailers: H2Headers) => (told.trailers = trailers)).setEncoding('utf8').on('data', (data: string) => (told.text += data));
          stream.on('end', () => resolve(told)).on('error', reject).end(body);
        })));
      } finally {
        session.close();
      }
    };

    it('passes requests on to endpoints that speak HTTP/1, many over one connection', async () => {
      const [first, second, none] = await overOne([{ path: '/a?b=c', body: 'one', headers: { 'x-forwarded-for': '6.6.6.6' } }, { path: '/two' }, { path: '/x', headers: { ':authority': 'other.test' } }]);
      expect([first?.headers[':status'], first?.headers['x-pod']]).toEqual([201, 'web']);
      expect(JSON.parse(first?.text ?? '')).toMatchObject({ url: '/a?b=c', body: 'one', headers: { host: 'web.test', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'web.test' } });
      expect(JSON.parse(second?.text ?? '')).toMatchObject({ url: '/two' });
      expect(none?.headers[':status']).toBe(404);
    });

    it('passes gRPC on to a port of the protocol kubernetes.io/h2c, with trailers, and answers without a body', async () => {
      const grpc = createH2Server((asked, answer) => {
        if (asked.url === '/refused') {
          asked.stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
          return;
        }
        answer.writeHead(200, { 'content-type': 'application/grpc' });
        answer.addTrailers({ 'grpc-status': '0', 'x-te': String(asked.headers['te']) });
        asked.pipe(answer);
      });
      await new Promise<void>((resolve) => grpc.listen(0, '127.0.0.1', resolve));
      appProtocol = 'kubernetes.io/h2c';
      endpointPorts = [await freePort(), (grpc.address() as { port: number }).port];
      try {
        const [called, refused] = await overOne([{ path: '/svc/Echo', body: 'message', headers: { te: 'trailers', 'content-type': 'application/grpc' } }, { path: '/refused', body: '', headers: { te: 'trailers' } }]);
        expect([called?.text, called?.trailers['grpc-status'], called?.trailers['x-te']]).toEqual(['message', '0', 'trailers']);
        expect([refused?.headers['grpc-status'], refused?.text, refused?.trailers]).toEqual(['12', '', {}]);
      } finally {
        await server.stop();
        await new Promise((resolve) => grpc.close(resolve));
      }
    });
  });

  it('lets requests under way end when it stops, and takes no more', async () => {
    let finish = (): void => undefined;
    const slow = createServer((_asked, answer) => {
      answer.write('begun ');
      finish = () => answer.end('done');
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    endpointPorts = [(slow.address() as { port: number }).port];
    const [plainPort, securePort] = server.ports;
    const begun = new Promise<string>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: plainPort, headers: { host: 'web.test' } }, (answer) => {
        const stopped = server.stop();
        finish();
        void read(answer).then(async ({ text }) => {
          await stopped;
          resolve(text);
        }, reject);
      });
      outgoing.on('error', reject).end();
    });
    expect(await begun).toBe('begun done');
    slow.close();
    for (const port of [plainPort, securePort]) await expect(fetch(`http://127.0.0.1:${port ?? 0}`)).rejects.toThrow();
  });
});
