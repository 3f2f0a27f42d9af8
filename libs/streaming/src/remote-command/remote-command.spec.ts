import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex, Readable } from 'node:stream';

import { WebSocket } from 'ws';

import { refuseUpgrade, UpgradeRefused } from '../http/upgrade';
import { dialSpdy, UpgradeFailed } from '../http/dial-upgrade';
import { openCommand } from '../rpc/open-command';
import { serveCommand } from '../rpc/serve-command';
import { negotiateRemoteCommand, remoteCommandStreams } from './accept';
import { bridgeRemoteCommand } from './bridge';
import { SpdyRemoteCommand } from './spdy-command';
import type { RemoteCommand, RemoteCommandSession, RemoteCommandStreams, TerminalSize } from './types';
import { WebSocketRemoteCommand } from './websocket-command';

type Program = (session: RemoteCommandSession) => Promise<void>;

/** Reads all of it and leaves the other direction alone. */
async function text(stream: Readable | undefined): Promise<string> {
  let all = '';
  stream?.on('data', (chunk: Buffer) => (all += chunk.toString()));
  if (stream && !stream.readableEnded) await once(stream, 'end');
  return all;
}

/** A server that runs a program for each session, as a kubelet would. */
class CommandServer {
  program: Program = (session) => session.exit({ code: 0 });
  readonly sessions: RemoteCommandSession[] = [];
  readonly #server: Server = createServer();
  readonly #sockets = new Set<Duplex>();

  async start(): Promise<this> {
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.add(socket);
      const run = async (): Promise<void> => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const session = await negotiateRemoteCommand(request, socket, head, remoteCommandStreams(url.searchParams)).accept();
        this.sessions.push(session);
        await this.program(session);
      };
      run().catch((error: unknown) => {
        if (error instanceof UpgradeRefused) refuseUpgrade(socket, error.code, error.message, error.headers);
        else socket.destroy();
      });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  url(streams: RemoteCommandStreams): URL {
    const { port } = this.#server.address() as AddressInfo;
    const query = Object.entries(streams).map(([name, wanted]) => `${name}=${wanted ? 1 : 0}`);
    return new URL(`http://127.0.0.1:${port}/exec?${query.join('&')}`);
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const all: RemoteCommandStreams = { stdin: true, stdout: true, stderr: true, tty: false };
const terminal: RemoteCommandStreams = { stdin: true, stdout: true, stderr: false, tty: true };

const cat: Program = async (session) => {
  session.stdin?.on('data', (chunk: Buffer) => session.stdout?.write(chunk));
  await once(session.stdin!, 'end');
  session.stderr?.write('done\n');
  await session.exit({ code: 3 });
};

type Dial = (server: CommandServer, streams: RemoteCommandStreams) => Promise<RemoteCommand>;

const direct: Record<string, Dial> = {
  SPDY: (server, streams) => SpdyRemoteCommand.dial(server.url(streams), streams),
  WebSocket: (server, streams) => WebSocketRemoteCommand.dial(server.url(streams), streams),
};
/** A second server in between that passes all on: the apiserver's place. */
const bridged: Record<string, Dial> = {
  'SPDY over gRPC': (server, streams) =>
    openCommand((requests, { signal }) => serveCommand(requests, () => SpdyRemoteCommand.dial(server.url(streams), streams), signal), streams),
};

describe.each(Object.entries({ ...direct, ...bridged }))('a remote command over %s', (_, dial) => {
  let server: CommandServer;

  beforeEach(async () => {
    server = await new CommandServer().start();
  });
  afterEach(() => {
    server.stop();
  });

  it('carries input, both outputs and the exit code, and tells the end of input', async () => {
    server.program = cat;
    const command = await dial(server, all);
    command.stdin?.end('hello\n');
    const [stdout, stderr, exit] = await Promise.all([text(command.stdout), text(command.stderr), command.exited]);
    expect([stdout, stderr, exit]).toEqual(['hello\n', 'done\n', { code: 3 }]);
  });

  it('carries megabytes at the pace of the reader', async () => {
    const total = 8 << 20;
    server.program = async (session) => {
      for (let sent = 0; sent < total; sent += 65536) {
        if (!session.stdout?.write(Buffer.alloc(65536, sent / 65536))) await once(session.stdout!, 'drain');
      }
      await session.exit({ code: 0 });
    };
    const command = await dial(server, { ...all, stdin: false, stderr: false });
    await new Promise((resolve) => setImmediate(resolve));
    let received = 0;
    let inOrder = true;
    command.stdout?.on('data', (chunk: Buffer) => {
      inOrder &&= chunk[0] === (Math.floor(received / 65536) & 255);
      received += chunk.length;
    });
    expect(await command.exited).toEqual({ code: 0 });
    expect([received, inOrder]).toEqual([total, true]);
  });

  it('carries the size of the terminal', async () => {
    const sizes: TerminalSize[] = [];
    server.program = async (session) => {
      await new Promise<void>((resolve) => {
        session.onResize((size) => {
          sizes.push(size);
          if (size.width === 120) resolve();
        });
      });
      await session.exit({ code: 0 });
    };
    const command = await dial(server, terminal);
    command.stdout?.resume();
    command.resize({ width: 80, height: 24 });
    command.resize({ width: 120, height: 40 });
    await command.exited;
    expect(sizes.at(-1)).toEqual({ width: 120, height: 40 });
  });

  it('tells why a command could not be run', async () => {
    server.program = (session) => session.exit({ code: 1, error: 'error executing command in container: no such file' });
    const command = await dial(server, all);
    command.stdout?.resume();
    command.stderr?.resume();
    expect(await command.exited).toEqual({ code: 1, error: 'error executing command in container: no such file' });
  });

  it('tells the server when the client goes away', async () => {
    let gone: (() => void) | undefined;
    const noticed = new Promise<void>((resolve) => (gone = resolve));
    server.program = (session) => {
      session.signal.addEventListener('abort', () => gone?.());
      return new Promise(() => undefined);
    };
    const command = await dial(server, all);
    command.abort();
    await noticed;
    expect((await command.exited).error).toBeDefined();
  });
});

describe('bridgeRemoteCommand', () => {
  it('joins a client with a command behind another server', async () => {
    const back = await new CommandServer().start();
    const front = await new CommandServer().start();
    back.program = cat;
    front.program = async (session) => {
      await bridgeRemoteCommand(session, await SpdyRemoteCommand.dial(back.url(session.streams), session.streams));
    };
    const command = await WebSocketRemoteCommand.dial(front.url(all), all);
    command.stdin?.end('through\n');
    expect(await Promise.all([text(command.stdout), text(command.stderr), command.exited])).toEqual(['through\n', 'done\n', { code: 3 }]);
    back.stop();
    front.stop();
  });
});

describe('negotiateRemoteCommand', () => {
  let server: CommandServer;

  beforeEach(async () => {
    server = await new CommandServer().start();
  });
  afterEach(() => {
    server.stop();
  });

  it('is cut off by a dialler that has neither heard nor said anything for as long as it waits', async () => {
    server.program = () => Promise.resolve();
    const { socket, protocol } = await dialSpdy(server.url(all), ['v4.channel.k8s.io'], { idleMs: 10 });
    await once(socket, 'close');
    expect([protocol, socket.destroyed]).toEqual(['v4.channel.k8s.io', true]);
  });

  it('reads which streams are wanted as upstream reads booleans: Python says True', () => {
    expect(remoteCommandStreams(new URLSearchParams('stdin=False&stdout=True&stderr&tty=0'))).toEqual({ stdin: false, stdout: true, stderr: true, tty: false });
  });

  it('says nothing on streams that it only reads, which could come after the end of the command', async () => {
    const said: string[] = [];
    server.program = async (session) => {
      for (const [name, stream] of Object.entries({ stdout: session.stdout, stderr: session.stderr })) (stream as Duplex).resume().once('end', () => said.push(name));
      await text(session.stdin);
      said.push('stdin');
      await session.exit({ code: 0 });
    };
    const command = await SpdyRemoteCommand.dial(server.url(all), all);
    command.stdin?.end('x');
    await Promise.all([text(command.stdout), text(command.stderr)]);
    expect([await command.exited, said[0]]).toEqual([{ code: 0 }, 'stdin']);
  });

  it('refuses a request without streams as upstream does', async () => {
    const none = { stdin: false, stdout: false, stderr: false, tty: false };
    await expect(SpdyRemoteCommand.dial(server.url(none), none)).rejects.toThrow(new UpgradeFailed(400, 'you must specify at least 1 of stdin, stdout, stderr'));
  });

  it('refuses a WebSocket protocol it does not know', async () => {
    const socket = new WebSocket(server.url(all), ['v9.channel.k8s.io']);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('400');
  });

  it.each([
    ['v4.base64.channel.k8s.io', ['1', `1${Buffer.from('hi').toString('base64')}`], true],
    ['base64.channel.k8s.io', ['1', `1${Buffer.from('hi').toString('base64')}`], false],
  ])('speaks %s', async (protocol, expected, hasStatus) => {
    server.program = async (session) => {
      session.stdout?.write('hi');
      await session.exit({ code: 0 });
    };
    const socket = new WebSocket(server.url(all), [protocol]);
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString()));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1000);
    expect(messages.slice(0, 2)).toEqual(expected);
    expect(messages.slice(2).map((message) => Buffer.from(message.slice(1), 'base64').toString())).toEqual(hasStatus ? ['{"metadata":{},"status":"Success"}'] : []);
  });

  it('survives malformed WebSocket frames', async () => {
    server.program = (session) => new Promise((resolve) => session.signal.addEventListener('abort', () => resolve()));
    const socket = new WebSocket(server.url(all), ['v5.channel.k8s.io']);
    await once(socket, 'open');
    (socket as unknown as { _socket: { write(data: Buffer): void } })._socket.write(Buffer.from('ffffffffffff', 'hex'));
    await once(socket, 'close');
    expect(server.sessions).toHaveLength(1);
  });
});
