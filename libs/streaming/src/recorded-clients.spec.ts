import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { duplexPair, type Duplex } from 'node:stream';

import { negotiatePortForward } from './port-forward/accept';
import { forwardPorts } from './port-forward/forward-ports';
import { negotiateRemoteCommand, remoteCommandStreams } from './remote-command/accept';
import type { RemoteCommandSession, TerminalSize } from './remote-command/types';

type Serve = (request: IncomingMessage, socket: Duplex, head: Buffer, query: URLSearchParams) => Promise<void>;

/** Plays a recording to a server, and answers what the server said first. */
async function replay(name: string, serve: Serve): Promise<string> {
  const server = createServer();
  let client: Socket | undefined;
  const served = new Promise<void>((resolve, reject) => {
    server.on('upgrade', (request, socket, head) => {
      serve(request, socket, head, new URL(request.url ?? '/', 'http://localhost').searchParams).then(resolve, reject);
    });
  });
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    client.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    client.write(readFileSync(join(__dirname, '../fixtures', name)));
    await served;
    while (!answer.includes('\r\n\r\n')) await once(client, 'data');
    return answer;
  } finally {
    client?.destroy();
    server.close();
  }
}

async function input(session: RemoteCommandSession): Promise<string> {
  let all = '';
  session.stdin?.on('data', (chunk: Buffer) => (all += chunk.toString()));
  await once(session.stdin!, 'end');
  return all;
}

describe('recorded clients', () => {
  it.each([
    ['kubectl-1.33-exec-stdin.bin', 'v5.channel.k8s.io', 'Sec-WebSocket-Protocol: v5.channel.k8s.io'],
    ['kubectl-1.27-exec-stdin.bin', 'v4.channel.k8s.io', 'X-Stream-Protocol-Version: v4.channel.k8s.io'],
  ])('%s: input and its end arrive over %s', async (name, protocol, header) => {
    let seen: unknown;
    const answer = await replay(name, async (request, socket, head, query) => {
      const pending = negotiateRemoteCommand(request, socket, head, remoteCommandStreams(query));
      const session = await pending.accept();
      seen = { protocol: pending.protocol, streams: session.streams, input: await input(session), command: query.getAll('command') };
    });
    expect(seen).toEqual({ protocol, streams: { stdin: true, stdout: true, stderr: true, tty: false }, input: 'hello\n', command: ['cat'] });
    expect(answer).toContain('HTTP/1.1 101 Switching Protocols');
    expect(answer).toContain(header);
  });

  it('kubectl-1.33-exec-terminal.bin: the size and the keys of a terminal arrive', async () => {
    const sizes: TerminalSize[] = [];
    let typed = '';
    await replay('kubectl-1.33-exec-terminal.bin', async (request, socket, head, query) => {
      const session = await negotiateRemoteCommand(request, socket, head, remoteCommandStreams(query)).accept();
      session.onResize((size) => sizes.push(size));
      session.stdin?.on('data', (chunk: Buffer) => (typed += chunk.toString()));
      while (!typed.includes('\u0004') || sizes.length === 0) await once(session.stdin!, 'data');
    });
    expect(sizes.at(-1)).toEqual({ width: 80, height: 24 });
    expect(typed.slice(0, 4)).toBe('hi\r\u0004');
  });

  it.each(['kubectl-1.33-port-forward.bin', 'kubectl-1.27-port-forward.bin'])('%s: the connection arrives with its port and bytes', async (name) => {
    const opened: { port: number; request: string }[] = [];
    await replay(name, async (request, socket, head, query) => {
      const session = await negotiatePortForward(request, socket, head, query).accept();
      await new Promise<void>((resolve) => {
        const dial = (port: number): Promise<Duplex> => {
          const [near, far] = duplexPair();
          far.once('data', (chunk: Buffer) => {
            opened.push({ port, request: chunk.toString().split('\r\n', 1)[0] ?? '' });
            resolve();
          });
          return Promise.resolve(near);
        };
        void forwardPorts(session, dial, (_, error) => error.message);
      });
      session.close();
    });
    expect(opened).toEqual([{ port: 80, request: 'GET / HTTP/1.1' }]);
  });
});
