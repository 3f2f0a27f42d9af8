import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { conflict, isConflict, isNotFound, notFound, type ApiError } from '@navarch/apimachinery';
import { silentLogger } from '@navarch/component-base';
import { connect, healthDefinition, isRpcError, PushStream, RpcError, RpcServer, RpcStatus, ServingStatus } from './index';
import { definition, unused, later, serve, collect, from, rejection, stopAll } from './testing/text-service';

afterEach(stopAll);

describe('calls', () => {
  it('carries all four shapes', async () => {
    const { client } = await serve({
      count: async function* (request) {
        for (let i = 0; i < Number(request); i++) yield await Promise.resolve(String(i));
      },
      join: async (requests) => (await collect(requests)).join('+'),
    });
    expect(await client.echo('hi')).toBe('hi');
    expect(await collect(client.count('100'))).toHaveLength(100);
    expect(await client.join(from('a', 'b', 'c'))).toBe('a+b+c');
    expect(await collect(client.talk(from('x', 'y')))).toEqual(['<x>', '<y>']);
  });

  it('keeps a conversation open in both directions', async () => {
    const { client } = await serve({});
    const requests = new PushStream<string>();
    const answers = client.talk(requests);
    for (const word of ['a', 'b', 'c']) {
      requests.push(word);
      expect((await answers.next()).value).toBe(`<${word}>`);
    }
    requests.end();
    expect((await answers.next()).done).toBe(true);
  });

  it('brings a failure that follows a message at once, while requests may still come', async () => {
    const { client } = await serve({
      talk: async function* (requests) {
        requests[Symbol.asyncIterator]().next().catch(() => undefined);
        yield await Promise.resolve('a');
        throw notFound({ group: '', resource: 'x' }, 'y');
      },
    });
    const answers = client.talk(new PushStream<string>());
    expect((await answers.next()).value).toBe('a');
    await expect(answers.next()).rejects.toThrow('not found');
  });

  it('knows how many calls have begun and not ended', async () => {
    const { client, channel } = await serve({ echo: () => Promise.reject(notFound({ group: '', resource: 'x' }, 'y')) });
    const requests = new PushStream<string>();
    const answers = client.talk(requests);
    requests.push('a');
    await answers.next();
    const refused = client.echo('hi');
    expect(channel.callsInFlight).toBe(2);
    await expect(refused).rejects.toThrow('not found');
    expect(channel.callsInFlight).toBe(1);
    requests.end();
    await answers.next();
    expect(channel.callsInFlight).toBe(0);
  });

  it('moves messages larger than the usual limit of 4 MiB', async () => {
    const { client } = await serve({});
    const large = 'x'.repeat(9 * 1024 * 1024);
    expect((await client.echo(large)).length).toBe(large.length);
  });

  it('does not run ahead of a slow reader', async () => {
    let produced = 0;
    const { client } = await serve({
      count: async function* () {
        for (; produced < 10_000; produced++) yield await Promise.resolve('x'.repeat(64 * 1024));
      },
    });
    const stream = client.count('go');
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(produced).toBeLessThan(1000);
    await stream.return();
  });

  it('passes headers', async () => {
    const { client } = await serve({ echo: (_request, context) => Promise.resolve(`${context.header('x-a')} ${context.header('x-b')} ${context.method}`) });
    expect(await client.echo('go', { headers: { 'x-a': '1' } })).toBe('1 undefined /test.v1.Test/Echo');
  });
});

describe('errors', () => {
  it('brings an ApiError across whole, from calls and streams', async () => {
    const { client } = await serve({
      echo: () => Promise.reject(conflict({ group: 'apps', resource: 'deployments' }, 'web')),
      count: async function* () {
        yield await Promise.resolve('first');
        throw new Error('list pods', { cause: notFound({ group: '', resource: 'pods' }, 'ü\n') });
      },
    });
    const error = (await rejection(client.echo('go'))) as ApiError;
    expect(isConflict(error)).toBe(true);
    expect(error.status.details).toEqual({ name: 'web', group: 'apps', kind: 'deployments' });
    expect(isRpcError(error, RpcStatus.ABORTED)).toBe(true);

    const stream = client.count('go');
    expect((await stream.next()).value).toBe('first');
    expect(isNotFound(await rejection(stream.next()))).toBe(true);
  });

  it('tells nothing of an unknown error but logs it once', async () => {
    const secret = new Error('password is 123');
    const { client, logged } = await serve({
      echo: () => Promise.reject(secret),
      talk: () => {
        throw secret;
      },
    });
    for (const failed of [rejection(client.echo('go')), rejection(collect(client.talk(from('a'))))]) {
      const error = (await failed) as RpcError;
      expect([error.code, error.details]).toEqual([RpcStatus.INTERNAL, 'internal error']);
    }
    expect(logged).toEqual([secret, secret]);
  });

  it('keeps the code of an RpcError', async () => {
    const { client, logged } = await serve({ echo: () => Promise.reject(new RpcError(RpcStatus.FAILED_PRECONDITION, 'not yet')) });
    expect(isRpcError(await rejection(client.echo('go')), RpcStatus.FAILED_PRECONDITION)).toBe(true);
    expect(logged).toEqual([]);
  });

  it('survives texts that cannot be encoded and statuses too large for a header', async () => {
    const { client } = await serve({
      echo: (request) => Promise.reject(notFound({ group: '', resource: 'pods' }, request === 'long' ? 'x'.repeat(200_000) : 'a\ud800b')),
    });
    expect(isNotFound(await rejection(client.echo('go')))).toBe(true);
    expect(isNotFound(await rejection(client.echo('long')))).toBe(true);
    expect(isNotFound(await rejection(client.echo('go')))).toBe(true);
  });

  it('hands a failure of the request stream to the reader of the answers', async () => {
    const { client } = await serve({});
    async function* broken(): AsyncGenerator<string, void, undefined> {
      yield await Promise.resolve('a');
      throw new Error('source broke');
    }
    await expect(collect(client.talk(broken()))).rejects.toThrow('source broke');
  });

  it('says UNAVAILABLE when nobody listens', async () => {
    const channel = connect({ address: '127.0.0.1:1' });
    later(() => channel.close());
    expect(isRpcError(await rejection(channel.client(definition).echo('go')), RpcStatus.UNAVAILABLE)).toBe(true);
    expect(isRpcError(await rejection(channel.waitForReady(20)), RpcStatus.UNAVAILABLE)).toBe(true);
  });
});

describe('bad input', () => {
  it('answers malformed messages and unknown methods, and lives on', async () => {
    const { server, client } = await serve({});
    const raw = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    later(() => raw.close());
    const call = (path: string, bytes: Buffer): Promise<number> =>
      new Promise((resolve) => raw.makeUnaryRequest(path, (b: Buffer) => b, (b) => b, bytes, new Metadata(), (error) => resolve(error?.code ?? 0)));
    expect(await call('/test.v1.Test/Echo', Buffer.from([0xff]))).toBe(RpcStatus.INTERNAL);
    expect(await call('/test.v1.Test/Talk', Buffer.from([0xff]))).toBe(RpcStatus.INTERNAL);
    expect(await call('/test.v1.Test/Nothing', Buffer.alloc(0))).toBe(RpcStatus.UNIMPLEMENTED);
    expect(await call('/grpc.health.v1.Health/Check', Buffer.from([0x0a, 0x7f, 1]))).toBe(RpcStatus.INTERNAL);
    expect(await client.echo('alive')).toBe('alive');
  });

  it('lives on after bytes that are not HTTP/2, and after cut connections', async () => {
    const { server, client } = await serve({});
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\xff', preface, `${preface}\xff\xff\xff\xff\xff\xff\xff\xff\xff`, `${preface}\0\0\0\x04\0\0\0\0\0\0\0\x05\x01\x04\0\0\0\x01\xff\xff\xff\xff\xff`]) {
      await new Promise<void>((resolve) => {
        const socket = connectTcp(server.port, '127.0.0.1', () => {
          socket.write(Buffer.from(bytes, 'latin1'));
          setTimeout(() => socket.destroy(), 20);
        });
        socket.on('error', () => undefined).on('close', () => resolve()).resume();
      });
    }
    expect(await client.echo('alive')).toBe('alive');
  });
});

describe('services beside', () => {
  it('answers health by service and tells watchers of changes', async () => {
    const { server, channel } = await serve({});
    const health = channel.client(healthDefinition);
    expect(await health.check({ service: '' })).toEqual({ status: ServingStatus.SERVING });
    expect(await health.check({ service: 'test.v1.Test' })).toEqual({ status: ServingStatus.SERVING });
    expect(isNotFound(await rejection(health.check({ service: 'none' })))).toBe(true);
    const watch = health.watch({ service: 'test.v1.Test' });
    expect((await watch.next()).value).toEqual({ status: ServingStatus.SERVING });
    server.health.set('test.v1.Test', ServingStatus.NOT_SERVING);
    expect((await watch.next()).value).toEqual({ status: ServingStatus.NOT_SERVING });
    await watch.return();
  });

  it('counts calls by method and code', async () => {
    const { client, registry } = await serve({ echo: (request) => (request === 'go' ? Promise.reject(notFound({ group: '', resource: 'pods' }, 'a')) : Promise.resolve(request)) });
    await client.echo('a');
    await rejection(client.echo('go'));
    await collect(client.talk(from('a', 'b')));
    const metrics = await registry.metrics();
    expect(metrics).toContain('grpc_server_handled_total{grpc_type="unary",grpc_service="test.v1.Test",grpc_method="Echo",grpc_code="OK"} 1');
    expect(metrics).toContain('grpc_server_handled_total{grpc_type="unary",grpc_service="test.v1.Test",grpc_method="Echo",grpc_code="NotFound"} 1');
    expect(metrics).toContain('grpc_server_msg_received_total{grpc_type="bidi_stream",grpc_service="test.v1.Test",grpc_method="Talk"} 2');
    expect(metrics).toContain('grpc_server_started_total{grpc_type="client_stream",grpc_service="test.v1.Test",grpc_method="Join"} 0');
  });

  it('serves on a Unix socket, also where a killed predecessor left its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'navarch-rpc-'));
    later(() => rmSync(folder, { recursive: true }));
    const address = `unix://${join(folder, 'sub', 'test.sock')}`;
    for (let round = 0; round < 2; round++) {
      const server = new RpcServer({ address }, { log: silentLogger }).add(definition, { ...unused, echo: (_request, { peer }) => Promise.resolve(peer === undefined ? 'nobody' : peer.name) });
      await server.start();
      const channel = connect({ address });
      later(() => server.stop(), () => channel.close());
      expect(await channel.client(definition).echo('go')).toBe('nobody');
    }
  });
});
