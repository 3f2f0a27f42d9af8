import { once } from 'node:events';
import { duplexPair, PassThrough, type Duplex, type Readable } from 'node:stream';

import { type nodev1, nodev1 as node } from '@navarch/proto';
import { silentLogger } from '@navarch/component-base';
import { connect, RpcServer, type ServiceClient, type ServiceHandlers } from '@navarch/rpc';

import type { CommandExit, RemoteCommand } from '../remote-command/types';
import { openCommand } from './open-command';
import { openPort } from './open-port';
import { serveCommand } from './serve-command';
import { servePortForward } from './serve-port-forward';

/** A command in this process: the test plays it. */
class PlayedCommand implements RemoteCommand {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly sizes: string[] = [];
  aborted = false;
  end: (exit: CommandExit) => void = () => undefined;
  readonly exited = new Promise<CommandExit>((resolve) => (this.end = resolve));
  onAbort: () => void = () => undefined;

  resize({ width, height }: { width: number; height: number }): void {
    this.sizes.push(`${width}x${height}`);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy();
    this.onAbort();
  }
}

/** Reads all of it and leaves the other direction alone. */
async function text(stream: Readable | undefined): Promise<string> {
  let all = '';
  stream?.on('data', (chunk: Buffer) => (all += chunk.toString()));
  if (stream && !stream.readableEnded) await once(stream, 'end');
  return all;
}

const container: nodev1.ContainerKey = { namespace: 'default', pod: 'web', podUid: '', container: 'web' };
const start: nodev1.ExecStart = { container, command: ['sh'], stdin: true, stdout: true, stderr: true, tty: false };

describe('the node service over gRPC', () => {
  let command: PlayedCommand;
  let pod: Duplex;
  let openFailure: Error | undefined;
  const open = (): Promise<RemoteCommand> => (openFailure ? Promise.reject(openFailure) : Promise.resolve(command));
  const handlers: ServiceHandlers<typeof node.NodeServiceService> = {
    exec: (requests, { signal }) => serveCommand(requests, open, signal),
    attach: (requests, { signal }) => serveCommand(requests, open, signal),
    portForward: (requests, { signal }) => servePortForward(requests, () => (openFailure ? Promise.reject(openFailure) : Promise.resolve(pod)), signal),
    logs: () => {
      throw new Error('not here');
    },
    stats: () => Promise.reject(new Error('not here')),
  };
  const server = new RpcServer({ address: '127.0.0.1:0' }, { log: silentLogger });
  let client: ServiceClient<typeof node.NodeServiceService>;
  let close: () => void;

  beforeAll(async () => {
    await server.add(node.NodeServiceService, handlers).start();
    const channel = connect({ address: `127.0.0.1:${server.port}` });
    client = channel.client(node.NodeServiceService);
    close = () => channel.close();
  });
  afterAll(async () => {
    close();
    await server.stop();
  });
  beforeEach(() => {
    command = new PlayedCommand();
    openFailure = undefined;
  });

  it('carries a command both ways to its exit', async () => {
    const remote = await openCommand(client.exec, start);
    remote.resize({ width: 80, height: 24 });
    remote.stdin?.end('input');
    expect(await text(command.stdin)).toBe('input');
    command.stdout.end('output');
    command.stderr.end('error');
    command.end({ code: 4 });
    expect(await Promise.all([text(remote.stdout), text(remote.stderr), remote.exited])).toEqual(['output', 'error', { code: 4 }]);
    expect(command.sizes).toEqual(['80x24']);
  });

  it('says why a command could not be opened before it answers', async () => {
    openFailure = new Error('unable to upgrade connection: container not found ("web")');
    await expect(openCommand(client.attach, start)).rejects.toMatchObject({ name: 'ApiError', code: 500, message: 'unable to upgrade connection: container not found ("web")' });
  });

  it('gives the command up when its user does', async () => {
    const given = new Promise<void>((resolve) => (command.onAbort = resolve));
    const remote = await openCommand(client.exec, start);
    remote.abort();
    await given;
    expect((await remote.exited).error).toBeDefined();
  });

  it('stops a command whose output nobody reads, and one whose input it does not read', async () => {
    const remote = await openCommand(client.exec, start);
    const chunk = Buffer.alloc(256 * 1024);
    let out = 0;
    while (out < 512 && command.stdout.write(chunk)) {
      out++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    let into = 0;
    while (into < 512 && remote.stdin?.write(chunk)) {
      into++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([out < 512, into < 512]).toEqual([true, true]);
    remote.abort();
  });

  it('carries a connection and closes its halves one by one', async () => {
    const [near, far] = duplexPair();
    pod = near;
    const connection = await openPort(client.portForward, { namespace: 'default', pod: 'web', podUid: '', port: 80 });
    connection.end('ping');
    expect(await text(far)).toBe('ping');
    far.end('pong');
    expect(await text(connection)).toBe('pong');
  });

  it('tells of a connection that broke', async () => {
    const [near] = duplexPair();
    pod = near;
    const connection = await openPort(client.portForward, { namespace: 'default', pod: 'web', podUid: '', port: 80 });
    connection.resume();
    near.destroy(new Error('connection reset by peer'));
    const [error] = (await once(connection, 'error')) as [Error];
    expect(error).toMatchObject({ name: 'ApiError', message: 'connection reset by peer' });
  });

  it('closes a connection whose user has gone', async () => {
    const [near, far] = duplexPair();
    pod = near;
    const connection = await openPort(client.portForward, { namespace: 'default', pod: 'web', podUid: '', port: 80 });
    far.resume();
    connection.destroy();
    await once(near, 'close');
  });

  it('refuses a call that does not begin with start', async () => {
    const requests = (async function* () {
      yield await Promise.resolve({ input: { $case: 'stdinClosed', value: true } } as const);
    })();
    await expect(client.exec(requests).next()).rejects.toMatchObject({ code: 400 });
  });
});
