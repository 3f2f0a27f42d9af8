import { core } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import { silentLogger } from '@navarch/component-base';
import { nodev1 } from '@navarch/proto';
import { type CallContext, RpcServer, type ServiceHandlers } from '@navarch/rpc';
import { SpdyRemoteCommand, dialPort, serveCommand, servePortForward, WebSocketRemoteCommand, type CommandExit, type RemoteCommand } from '@navarch/streaming';
import { startEtcd, type TestEtcd } from '@navarch/testing';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { advertiseAddress, isLoopback } from '../advertise-address';
import { RegistryWriter } from '../registry/object-writer';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

const path = '/api/v1/namespaces/default/pods/p';

async function text(stream: Readable | undefined): Promise<string> {
  let all = '';
  if (stream) for await (const chunk of stream) all += String(chunk);
  return all;
}

/** A command that answers what it is told, and ends when its input does. */
function echo(): RemoteCommand {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.pipe(stdout);
  stderr.end('careful\n');
  const exited = new Promise<CommandExit>((resolve) => stdout.on('end', () => resolve({ code: 3 })));
  return { stdin, stdout, stderr, exited, resize: () => undefined, abort: () => stdin.destroy() };
}

/** A node that has one pod and says what it is asked. */
class TestNode implements ServiceHandlers<typeof nodev1.NodeServiceService> {
  asked: nodev1.LogsRequest[] = [];

  async *logs(request: nodev1.LogsRequest): AsyncGenerator<nodev1.LogsResponse> {
    this.asked.push(request);
    if (request.previous) throw notFound({ group: '', resource: 'containers' }, 'c');
    for (const line of ['one\n', 'two\n']) yield await Promise.resolve({ data: Buffer.from(line) });
  }

  exec(requests: AsyncIterable<nodev1.ExecRequest>, { signal }: CallContext): AsyncIterable<nodev1.ExecResponse> {
    return serveCommand(requests, () => Promise.resolve(echo()), signal);
  }

  attach(requests: AsyncIterable<nodev1.AttachRequest>, { signal }: CallContext): AsyncIterable<nodev1.AttachResponse> {
    return serveCommand(requests, () => Promise.resolve(echo()), signal);
  }

  portForward(requests: AsyncIterable<nodev1.PortForwardRequest>, { signal }: CallContext): AsyncIterable<nodev1.PortForwardResponse> {
    return servePortForward(requests, ({ port }) => {
      const stream = new PassThrough();
      stream.write(`port ${port}: `);
      return Promise.resolve(stream);
    }, signal);
  }

  stats(): Promise<nodev1.StatsResponse> {
    return Promise.resolve({ summary: Buffer.from('{"node":{}}') });
  }
}

describe('conversations with pods', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let api: RestClient;
  let node: RpcServer;
  let web: Server;
  const handlers = new TestNode();
  let tls: { ca: Buffer; cert: Buffer; key: Buffer };

  beforeAll(async () => {
    etcd = await startEtcd();
    server = await startTestApiserver({ etcd: etcd.endpoint });
    api = await RestClient.of(server);
    tls = await server.credentials(server.pki.files.admin);
    node = new RpcServer({ address: '127.0.0.1:0', tls: await server.credentials(await server.pki.ensureNode('n', ['127.0.0.1'])) }, { log: silentLogger }).add(nodev1.NodeServiceService, handlers);
    await node.start();
    web = createServer((request, response) => {
      if (request.url === '/page') response.setHeader('Content-Type', 'text/html').end('<a href="/next">next</a>');
      else if (request.url === '/zipped') response.setHeader('Content-Type', 'text/html').setHeader('Content-Encoding', 'gzip').end(gzipSync('<a href="/next">next</a>'));
      else if (request.url === '/away') response.writeHead(302, { Location: '/there', 'Access-Control-Allow-Origin': '*' }).end();
      else {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => response.end(`${request.method ?? ''} ${request.url ?? ''} ${String(request.headers['x-forwarded-uri'])} for ${String(request.headers['x-forwarded-for'])} ${body}`));
      }
    }).listen(0, '0.0.0.0');
    const writer = new RegistryWriter(server.composed.registry);
    await writer.create(core.nodes, { metadata: { name: 'n', annotations: { 'navarch.io/node-service': `127.0.0.1:${node.port}` } } });
    await writer.create(core.pods, { metadata: { name: 'p', namespace: 'default' }, spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x' }] } });
    await writer.create(core.pods, { metadata: { name: 'two', namespace: 'default' }, spec: { nodeName: 'n', containers: [{ name: 'a', image: 'x' }, { name: 'b', image: 'x' }] } });
    await writer.create(core.pods, { metadata: { name: 'unplaced', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'x' }] } });
  }, 60_000);

  afterAll(async () => {
    api.close();
    web.close();
    await server.stop();
    await node.stop();
    await etcd.stop();
  });

  const url = (subresource: string, query = ''): URL => new URL(`${server.url}${path}/${subresource}${query}`);

  it('show logs, with the options that were asked for', async () => {
    const { code, raw, headers } = await api.get(`${path}/log?tailLines=5&timestamps=true&sinceSeconds=10`);
    expect([code, raw.toString(), headers['content-type']]).toEqual([200, 'one\ntwo\n', 'text/plain']);
    expect(handlers.asked.at(-1)).toMatchObject({ container: { namespace: 'default', pod: 'p', container: 'c' }, tailLines: 5n, timestamps: true, follow: false });
  });

  it.each([['binary.k8s.io', 'one\ntwo\n'], ['base64.binary.k8s.io', 'b25lCg==dHdvCg=='], [undefined, 'one\ntwo\n']])('show logs over a WebSocket of %s', async (protocol, expected) => {
    const socket = new WebSocket(url('log').href.replace('https', 'wss'), protocol === undefined ? [] : [protocol], tls);
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString()));
    const [code] = (await once(socket, 'close')) as [number];
    expect([code, messages.join(''), socket.protocol]).toEqual([1000, expected, protocol ?? '']);
  });

  it('go by HTTPS to a node without a node service, as upstream\'s kubelet is', async () => {
    const asked: string[] = [];
    const kubelet = createHttpsServer({ ...(await server.credentials(await server.pki.ensureNode('upstream', ['127.0.0.1']))), requestCert: true, rejectUnauthorized: true }, (request, response) => {
      const organisation = request.socket instanceof TLSSocket ? String(request.socket.getPeerCertificate().subject.O) : 'nobody';
      asked.push(`${organisation} ${request.method ?? ''} ${request.url ?? ''}`);
      response.end('from afar\n');
    });
    await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
    try {
      const writer = new RegistryWriter(server.composed.registry);
      await writer.create(core.nodes, { metadata: { name: 'upstream' }, status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } } } });
      await writer.create(core.pods, { metadata: { name: 'far', namespace: 'default' }, spec: { nodeName: 'upstream', containers: [{ name: 'c', image: 'x' }] } });
      const { code, raw } = await api.get('/api/v1/namespaces/default/pods/far/log?tailLines=5');
      expect([code, raw.toString()]).toEqual([200, 'from afar\n']);
      expect(asked).toEqual(['system:masters GET /containerLogs/default/far/c?tailLines=5']);
    } finally {
      kubelet.close();
    }
  });

  it('take logs of a kubelet that nobody can verify only from who says so', async () => {
    // It is somewhere else than its certificate says.
    const stranger = await server.credentials(await server.pki.ensureNode('stranger', ['192.0.2.9']));
    const asked: (string | undefined)[] = [];
    const kubelet = createHttpsServer({ ...stranger, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      asked.push(request.url);
      response.end('from somebody\n');
    });
    await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
    try {
      const writer = new RegistryWriter(server.composed.registry);
      await writer.create(core.nodes, { metadata: { name: 'stranger' }, status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } } } });
      await writer.create(core.pods, { metadata: { name: 'strange', namespace: 'default' }, spec: { nodeName: 'stranger', containers: [{ name: 'c', image: 'x' }] } });
      const log = '/api/v1/namespaces/default/pods/strange/log';
      expect((await api.get(log)).code).toBe(503);
      const { code, raw } = await api.get(`${log}?tailLines=5&insecureSkipTLSVerifyBackend=true`);
      expect([code, raw.toString(), asked]).toEqual([200, 'from somebody\n', ['/containerLogs/default/strange/c?tailLines=5']]);
    } finally {
      kubelet.close();
    }
  });

  it('show nothing of a pod that no node has, and pass on what a node refuses', async () => {
    expect(await api.get('/api/v1/namespaces/default/pods/unplaced/log')).toMatchObject({ code: 200, raw: Buffer.alloc(0) });
    expect(await api.get(`${path}/log?previous=true`)).toMatchObject({ code: 404, body: { kind: 'Status', reason: 'NotFound' } });
  });

  it('need a container to be named where there are several', async () => {
    expect(await api.get('/api/v1/namespaces/default/pods/two/log')).toMatchObject({ code: 400, body: { message: 'a container name must be specified for pod two, choose one of: [a b]' } });
    expect(await api.get('/api/v1/namespaces/default/pods/two/log?container=z')).toMatchObject({ code: 400, body: { message: 'container z is not valid for pod two' } });
  });

  it.each(['exec', 'attach'])('run %s over SPDY and WebSocket', async (subresource) => {
    const streams = { stdin: true, stdout: true, stderr: true, tty: false };
    const query = `?stdin=true&stdout=true&stderr=true${subresource === 'exec' ? '&command=cat' : ''}`;
    const commands = [await SpdyRemoteCommand.dial(url(subresource, query), streams, { tls }), await WebSocketRemoteCommand.dial(url(subresource, query), streams, { tls })];
    for (const command of commands) {
      command.stdin?.end('hello');
      expect(await Promise.all([text(command.stdout), text(command.stderr), command.exited])).toEqual(['hello', 'careful\n', { code: 3 }]);
    }
  });

  it('refuse what is no upgrade, or no streams at all', async () => {
    expect(await api.call('POST', `${path}/exec?command=cat&stdout=true`)).toMatchObject({ code: 400, body: { message: 'Upgrade request required' } });
    await expect(SpdyRemoteCommand.dial(url('exec', '?command=cat'), { stdin: false, stdout: true, stderr: false, tty: false }, { tls })).rejects.toThrow('you must specify at least 1 of stdin, stdout, stderr');
  });

  it('take the right to create, also over what begins with GET', async () => {
    const subresources = ['exec', 'attach', 'portforward'];
    const resources = subresources.map((name) => `pods/${name}`);
    for (const [name, verbs] of [['getter', ['get']], ['creator', ['get', 'create']]] as const) {
      await api.post('/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles', { metadata: { name }, rules: [{ apiGroups: [''], resources, verbs }] });
      const subjects = [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }];
      await api.post('/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', { metadata: { name }, subjects, roleRef: { kind: 'Role', name, apiGroup: 'rbac.authorization.k8s.io' } });
    }
    for (const subresource of subresources) {
      const ask = (user: string) => api.get<{ message: string }>(`${path}/${subresource}?command=cat&stdout=true`, { 'Impersonate-User': user });
      expect(await ask('getter')).toMatchObject({ code: 403, body: { message: 'pods "p" is forbidden: ' } });
      expect(await ask('creator')).toMatchObject({ code: 400, body: { message: 'Upgrade request required' } });
    }
  });

  it('forward ports', async () => {
    const connection = await dialPort(url('portforward'), 8080, { tls });
    connection.end('ping');
    expect(await text(connection)).toBe('port 8080: ping');
  });

  it('reach statistics of nodes, and refuse pods without an address', async () => {
    expect((await api.get('/api/v1/nodes/n/proxy/stats/summary')).body).toEqual({ node: {} });
    expect((await api.get(`${path}/proxy/`)).code).toBe(400);
  });

  it('are forbidden to those who may only read pods', async () => {
    expect(await api.get(`${path}/log`, { 'Impersonate-User': 'nobody' })).toMatchObject({ code: 403, body: { message: 'pods "p" is forbidden: User "nobody" cannot get resource "pods/log" in API group "" in the namespace "default"' } });
  });

  it('reach a Service through its endpoints, once it has some', async () => {
    const { port } = web.address() as AddressInfo;
    const writer = new RegistryWriter(server.composed.registry);
    await writer.create(core.services, { metadata: { name: 'web', namespace: 'default' }, spec: { ports: [{ name: 'http', port: 80 }] } });
    const proxy = '/api/v1/namespaces/default/services/web:http/proxy/some/where?a=b';
    expect(await api.get(proxy)).toMatchObject({ code: 503, body: { reason: 'ServiceUnavailable', message: 'no endpoints available for service "web"' } });
    const address = advertiseAddress(undefined, '0.0.0.0');
    // Endpoints may not be of the loopback range: a host with nothing else cannot go on.
    if (isLoopback(address)) return;
    await api.post('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4', endpoints: [{ addresses: [address] }], ports: [{ name: 'http', port }],
    });
    const base = '/api/v1/namespaces/default/services/web:http/proxy';
    expect((await api.get(proxy)).raw.toString()).toBe(`GET /some/where?a=b ${base}/some/where for 127.0.0.1 `);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) expect((await api.call(method, `${base}/x`, { body: 'hello' })).raw.toString()).toBe(`${method} /x ${base}/x for 127.0.0.1 hello`);
    expect(await api.get(`${base}?a=b`)).toMatchObject({ code: 301, headers: { location: `${base}/?a=b` } });
    expect((await api.get(`${base}/page`)).raw.toString()).toBe(`<a href="${base}/next">next</a>`);
    expect((await api.get(`${base}/zipped`)).raw.toString()).toBe(`<a href="${base}/next">next</a>`);
    const away = await api.get(`${base}/away`);
    expect(away).toMatchObject({ code: 302, headers: { location: `${base}/there` } });
    expect(away.headers['access-control-allow-origin']).toBeUndefined();
  });
});
