import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

import { dialPort, SpdyRemoteCommand, WebSocketRemoteCommand, type RemoteCommand, type RemoteCommandStreams } from '@navarch/streaming';

import { withPod, type CriCase, type CriSubject, type Pod } from './contract-pod';

const all: RemoteCommandStreams = { stdin: true, stdout: true, stderr: true, tty: false };

/** Reads all of it and leaves the other direction alone. */
async function text(stream: Readable | undefined): Promise<string> {
  let read = '';
  stream?.on('data', (chunk: Buffer) => (read += chunk.toString()));
  if (stream && !stream.readableEnded) await once(stream, 'end');
  return read;
}

async function exec(pod: Pod, containerId: string, cmd: string[], streams = all, dial: (url: URL) => Promise<RemoteCommand> = (url) => SpdyRemoteCommand.dial(url, streams)): Promise<RemoteCommand> {
  const { url } = await pod.subject.client.call('exec', { containerId, cmd, ...streams });
  return dial(new URL(url));
}

/** What a runtime's streaming server must do for a kubelet: exec, attach and port-forward. */
export const streamingContract: readonly CriCase[] = [
  {
    name: 'carries input, output and the exit code of a command over SPDY',
    run: (subject: CriSubject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        const echo = await exec(pod, id, ['cat']);
        echo.stdin?.end('to and fro\n');
        assert.deepEqual(await Promise.all([text(echo.stdout), text(echo.stderr), echo.exited]), ['to and fro\n', '', { code: 0 }]);
        const failing = await exec(pod, id, ['sh', '-c', 'echo out; cat /no/such/file; exit 7'], { ...all, stdin: false });
        const [out, err, exit] = await Promise.all([text(failing.stdout), text(failing.stderr), failing.exited]);
        assert.deepEqual([out, exit], ['out\n', { code: 7 }]);
        assert.match(err, /No such file/);
      }),
  },
  {
    name: 'carries a megabyte each way',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        const command = await exec(pod, id, ['cat']);
        const megabyte = 'navarch\n'.repeat(1 << 17);
        command.stdin?.end(megabyte);
        const [out] = await Promise.all([text(command.stdout), text(command.stderr), command.exited]);
        assert.ok(out === megabyte, `${out.length} bytes came back`);
      }),
  },
  {
    name: 'gives a command a terminal',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        const command = await exec(pod, id, ['sh'], { ...all, stderr: false, tty: true });
        command.resize({ width: 100, height: 30 });
        command.stdin?.write('echo in $HOSTNAME; exit 5\n');
        const [out, exit] = await Promise.all([text(command.stdout), command.exited]);
        assert.match(out, /in \S+\r\n/);
        assert.deepEqual(exit, { code: 5 });
      }),
  },
  {
    name: 'speaks WebSocket too',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        const streams = { ...all, stdin: false };
        const command = await exec(pod, id, ['sh', '-c', 'echo out; exit 7'], streams, (url) => WebSocketRemoteCommand.dial(url, streams));
        assert.deepEqual(await Promise.all([text(command.stdout), text(command.stderr), command.exited]), ['out\n', '', { code: 7 }]);
      }),
  },
  {
    name: 'tells that a command does not exist',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        const command = await exec(pod, id, ['no-such-command'], { ...all, stdin: false });
        const [, , exit] = await Promise.all([text(command.stdout), text(command.stderr), command.exited]);
        assert.ok(exit.error !== undefined || exit.code !== 0, 'a command that is not there has ended well');
      }),
  },
  {
    name: 'attaches to the output of a container',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'while true; do echo tick; sleep 0.2; done');
        const streams = { ...all, stdin: false };
        const { url } = await subject.client.call('attach', { containerId: id, ...streams });
        const command = await SpdyRemoteCommand.dial(new URL(url), streams);
        assert.ok(command.stdout);
        const [chunk] = (await once(command.stdout, 'data')) as [Buffer];
        assert.match(chunk.toString(), /^(tick\n)+$/);
        command.abort();
        await command.exited;
      }),
  },
  {
    name: 'uses an address for one client only',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        const { url } = await subject.client.call('exec', { containerId: id, cmd: ['true'], ...all });
        const first = await SpdyRemoteCommand.dial(new URL(url), all);
        first.stdout?.resume();
        first.stderr?.resume();
        await first.exited;
        await assert.rejects(SpdyRemoteCommand.dial(new URL(url), all), /unable to upgrade connection/);
      }),
  },
  {
    name: 'forwards a port of a simulated pod',
    needs: 'simulation',
    run: (subject) =>
      withPod(subject, async (pod) => {
        await pod.run('main', 'sleep 1000');
        const { url } = await subject.client.call('portForward', { podSandboxId: pod.id, port: [80] });
        const connection = await dialPort(new URL(url), 80);
        connection.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
        assert.match(await text(connection), /200 OK[\s\S]*web:1 contract-/);
        connection.end();
      }),
  },
  {
    name: 'forwards a port of the host network',
    needs: 'host-network',
    run: (subject) =>
      withPod(subject, async (pod) => {
        // It answers without waiting for the client's end, which containerd does not pass on.
        const server = createServer((socket) => {
          socket.on('data', (chunk: Buffer) => socket.end(chunk.toString().toUpperCase()));
        }).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        const forward = async (to: number): Promise<Awaited<ReturnType<typeof dialPort>>> => {
          const { url } = await subject.client.call('portForward', { podSandboxId: pod.id, port: [to] });
          return dialPort(new URL(url), to);
        };
        const connection = await forward(port);
        connection.write('hello');
        assert.equal(await text(connection), 'HELLO');
        connection.end();
        server.close();
        await once(server, 'close');
        const refused = await forward(port);
        refused.resume();
        const [error] = (await once(refused, 'error')) as [Error];
        assert.match(error.message, /connection refused/);
      }),
  },
];
