import { silentLogger } from '@navarch/component-base';
import { isRpcError, PushStream, RpcServer, RpcStatus } from './index';
import { definition, unused, later, serve, untilAborted, rejection, stopAll } from './testing/text-service';

afterEach(stopAll);

describe('how calls end', () => {
  it('tells a method that its caller went away', async () => {
    const reasons: unknown[] = [];
    const { client } = await serve({
      echo: async (_request, { signal }) => {
        await untilAborted(signal);
        reasons.push(signal.reason);
        return '';
      },
      count: async function* (_request, { signal }) {
        yield 'first';
        await untilAborted(signal);
        reasons.push(signal.reason);
      },
    });
    const abort = new AbortController();
    const call = rejection(client.echo('go', { signal: abort.signal }));
    const stream = client.count('go', { signal: abort.signal });
    await stream.next();
    abort.abort(new Error('changed my mind'));
    expect(await call).toEqual(new Error('changed my mind'));
    await expect(stream.next()).rejects.toThrow('changed my mind');

    const left = client.count('go');
    await left.next();
    await left.return();
    while (reasons.length < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(reasons.every((reason) => isRpcError(reason, RpcStatus.CANCELLED))).toBe(true);
  });

  it('ends both sides at the deadline', async () => {
    let reason: unknown;
    const { client } = await serve({
      echo: async (_request, { signal, deadline }) => {
        expect(deadline).toBeLessThan(Date.now() + 1000);
        await untilAborted(signal);
        reason = signal.reason;
        return '';
      },
    });
    expect(isRpcError(await rejection(client.echo('go', { timeoutMs: 50 })), RpcStatus.DEADLINE_EXCEEDED)).toBe(true);
    while (reason === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(isRpcError(reason)).toBe(true);
  });

  it('stops: streams end with UNAVAILABLE, calls in flight are answered, new ones are refused', async () => {
    let answer: (text: string) => void = () => undefined;
    const { server, client } = await serve({
      echo: () => new Promise((resolve) => (answer = resolve)),
      count: async function* () {
        yield 'first';
        await new Promise(() => undefined);
      },
    }, { drainMs: 60_000 });
    const call = client.echo('go');
    const stream = client.count('go');
    await stream.next();
    const talk = client.talk(new PushStream<string>());
    const [streamEnd, talkEnd] = [rejection(stream.next()), rejection(talk.next())];
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stopped = server.stop();
    expect(isRpcError(await streamEnd, RpcStatus.UNAVAILABLE)).toBe(true);
    expect(isRpcError(await talkEnd, RpcStatus.UNAVAILABLE)).toBe(true);
    answer('late');
    expect(await call).toBe('late');
    await stopped;
    expect(isRpcError(await rejection(client.echo('go')), RpcStatus.UNAVAILABLE)).toBe(true);
  });

  it('cuts calls off that outlast the drain time', async () => {
    const { server, client } = await serve({ echo: () => new Promise(() => undefined) }, { drainMs: 20 });
    const call = rejection(client.echo('go'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.stop();
    expect(isRpcError(await call)).toBe(true);
  });

  it('connects again after the server came back on the same address', async () => {
    const { server, client, channel } = await serve({});
    await client.echo('go');
    await server.stop();
    const again = new RpcServer({ address: `127.0.0.1:${server.port}` }, { log: silentLogger }).add(definition, unused);
    await again.start();
    later(() => again.stop());
    expect(await client.echo('back', { waitForReady: true })).toBe('back');
    expect(channel.state).toBe('ready');
  });
});
