import { once } from 'node:events';
import { systemClock } from '@navarch/clock';
import { dialPort, SpdyRemoteCommand, WebSocketRemoteCommand, type RemoteCommand } from '@navarch/streaming';
import { eventually } from '@navarch/testing';
import { WebSocket } from 'ws';
import { ContainerNode, image } from './testing/container-node';
import { aContainer } from './testing/pod-bench';
import { ServerBench } from './testing/server-bench';

jest.setTimeout(120_000);

describe('a kubelet over its HTTPS', () => {
  const kubelet = new ContainerNode();
  const { node, create, phase } = kubelet;
  let server: ServerBench;

  beforeAll(async () => {
    const bench = await kubelet.start();
    server = await ServerBench.open(node.folder, bench.kubelet, node.runtime, systemClock);
    create('web', { restartPolicy: 'Always', containers: [aContainer('main', { image })] });
    await phase('web', 'Running');
  });
  afterAll(async () => {
    await server.server.stop();
    await kubelet.stop();
  });

  const output = async (command: RemoteCommand): Promise<{ text: string; code: number }> => {
    const chunks: Buffer[] = [];
    command.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    command.stdin?.end('word\n');
    const { code } = await command.exited;
    return { text: Buffer.concat(chunks).toString(), code };
  };
  const streams = { stdin: true, stdout: true, stderr: false, tty: false };
  const query = `command=sh&command=-c&command=${encodeURIComponent('read x; echo got $x; exit 3')}`;

  it('runs commands for clients of SPDY and of WebSocket', async () => {
    await expect(output(await SpdyRemoteCommand.dial(server.url(`/exec/default/web/main?${query}&input=1&output=1`), streams, { tls: server.tls }))).resolves.toEqual({ text: 'got word\n', code: 3 });
    await expect(output(await WebSocketRemoteCommand.dial(server.url(`/exec/default/web/main?${query}&stdin=1&stdout=1`), streams, { tls: server.tls }))).resolves.toEqual({ text: 'got word\n', code: 3 });
  });

  it('forwards a port', async () => {
    const connection = await dialPort(server.url('/portForward/default/web'), 80, { tls: server.tls });
    connection.write('GET / HTTP/1.0\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of connection as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (Buffer.concat(chunks).includes('web:1 web')) break;
    }
    expect(Buffer.concat(chunks).toString()).toContain('web:1 web');
  });

  it('forwards a port over WebSocket, to clients of channels', async () => {
    const socket = new WebSocket(server.url('/portForward/default/web?port=80'), ['v4.channel.k8s.io'], server.tls);
    const channels = new Map<number, Buffer>();
    socket.on('message', (message: Buffer) => {
      const channel = message[0] ?? -1;
      channels.set(channel, Buffer.concat([channels.get(channel) ?? Buffer.alloc(0), message.subarray(1)]));
    });
    await once(socket, 'open');
    socket.send(Buffer.from('\0GET / HTTP/1.0\r\n\r\n'));
    await eventually(() => channels.get(0)?.includes('web:1 web') === true, { timeoutMs: 10_000 });
    // Each channel begins with its port; nothing follows on that of errors.
    expect([channels.get(0)?.readUInt16LE(0), channels.get(1)]).toEqual([80, Buffer.from([80, 0])]);
    socket.terminate();
  });

  it('gives logs and usage, networks included', async () => {
    expect((await server.get('/containerLogs/default/web/main?tailLines=1')).body).not.toBe('');
    const { body } = await server.get('/metrics/cadvisor');
    expect(body).toMatch(/container_cpu_usage_seconds_total\{container="main",.*pod="web"\} [\d.]+/);
    // From the container's own group.
    expect(body).toMatch(/container_processes\{container="main",.*pod="web"\} [1-9]/);
    expect(body).toMatch(/container_spec_cpu_shares\{container="main",.*pod="web"\} \d+/);
    expect(body).toMatch(/container_network_receive_bytes_total\{interface="eth0",namespace="default",pod="web"\} \d+/);
    expect(JSON.parse((await server.get('/stats/summary')).body)).toMatchObject({ node: { runtime: { imageFs: { capacityBytes: expect.any(Number) as number } } } });
  });
});
