import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { dialPort, SpdyRemoteCommand, WebSocketRemoteCommand, type RemoteCommand } from '@navarch/streaming';
import { eventually } from '@navarch/testing';
import { WebSocket } from 'ws';
import { ContainerNode, image, shell } from './testing/container-node';
import { type KubeletBench } from './testing/kubelet-bench';
import { aContainer } from './testing/pod-bench';
import { ServerBench } from './testing/server-bench';

jest.setTimeout(120_000);

describe('a kubelet over its HTTPS', () => {
  const kubelet = new ContainerNode();
  const { node, create, phase } = kubelet;
  let bench: KubeletBench;
  let server: ServerBench;

  beforeAll(async () => {
    bench = await kubelet.start();
    server = await ServerBench.open(node.folder, bench.kubelet, node.runtime, systemClock);
    // The two that take input say what they read, on all that they have to say it on.
    const lines = 'while read x; do echo "got $x"; echo "wrong $x" >&2; done';
    create('web', { restartPolicy: 'Always', containers: [aContainer('main', { image, readinessProbe: { httpGet: { port: 80, path: '/' }, periodSeconds: 1 } })] });
    create('input', { containers: [shell('main', lines, { stdin: true }), shell('terminal', 'while read x; do echo "got $x at $(stty size)"; done', { stdin: true, tty: true })] });
    create('once', { containers: [shell('main', 'cat; echo over', { stdin: true, stdinOnce: true })] });
    for (const name of ['web', 'input', 'once']) await phase(name, 'Running');
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

  describe('attaches', () => {
    /** What a stream has brought so far, read until it holds all of this. */
    const says = (stream: RemoteCommand['stdout']): ((...words: string[]) => Promise<unknown>) => {
      let text = '';
      stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      return (...words) => eventually(() => {
        if (!words.every((word) => text.includes(word))) throw new Error(`only ${JSON.stringify(text)}`);
        return true;
      }, { timeoutMs: 20_000 });
    };
    const both = { stdin: true, stdout: true, stderr: true, tty: false };
    const terminal = { stdin: true, stdout: true, stderr: false, tty: true };

    // Each leaves the container as it is, so that the next finds it reading on.
    it.each([
      ['SPDY', (container: string, streams: typeof both) => SpdyRemoteCommand.dial(server.url(`/attach/default/input/${container}?input=1&output=1${streams.tty ? '&tty=1' : '&error=1'}`), streams, { tls: server.tls })],
      ['WebSocket', (container: string, streams: typeof both) => WebSocketRemoteCommand.dial(server.url(`/attach/default/input/${container}?stdin=1&stdout=1${streams.tty ? '&tty=1' : '&stderr=1'}`), streams, { tls: server.tls })],
    ])('a client of %s to what a container reads and writes, and to its terminal and its size', async (_, attach) => {
      const plain = await attach('main', both);
      const [out, errors] = [says(plain.stdout), says(plain.stderr)];
      plain.stdin?.write('one\ntwo\n');
      await Promise.all([out('got one\n', 'got two\n'), errors('wrong one\n', 'wrong two\n')]);
      const inTerminal = await attach('terminal', terminal);
      const shown = says(inTerminal.stdout);
      for (const [width, height] of [[100, 30], [120, 40]] as const) {
        inTerminal.resize({ width, height });
        inTerminal.stdin?.write('sized\n');
        // The size goes its own way: it may come after a line that was written later.
        const asks = setInterval(() => inTerminal.stdin?.write('again\n'), 500);
        await shown(`at ${height} ${width}\r\n`).finally(() => clearInterval(asks));
      }
      for (const command of [plain, inTerminal]) {
        command.abort();
        await command.exited;
      }
    });

    it('with a terminal where the container has one, whatever is asked for', async () => {
      const command = await WebSocketRemoteCommand.dial(server.url('/attach/default/input/terminal?stdin=1&stdout=1&stderr=1'), both, { tls: server.tls });
      const out = says(command.stdout);
      command.stdin?.write('plain\n');
      await out('got plain at ', '\r\n');
      command.abort();
      await command.exited;
    });

    it('to the end of a container that takes input once', async () => {
      await expect(output(await SpdyRemoteCommand.dial(server.url('/attach/default/once/main?input=1&output=1'), streams, { tls: server.tls }))).resolves.toEqual({ text: 'word\nover\n', code: 0 });
      await phase('once', 'Succeeded');
    });
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
    await eventually(() => channels.get(0)?.includes('web:1 web') === true);
    // Each channel begins with its port; nothing follows on that of errors.
    expect([channels.get(0)?.readUInt16LE(0), channels.get(1)]).toEqual([80, Buffer.from([80, 0])]);
    socket.terminate();
  });

  it('gives logs, usage, networks included, and what came of probes', async () => {
    const { body: said } = await server.get('/containerLogs/default/web/main?tailLines=1');
    expect(said).not.toBe('');
    // Where those find it who collect the logs of a node.
    const id = bench.status('web')?.containerID?.split('//')[1] ?? '';
    expect(await readFile(join(node.folder, 'container-logs', `web_default_main-${id}.log`), 'utf8')).toContain(said.trim());
    const { body } = await server.get('/metrics/cadvisor');
    expect(body).toMatch(/container_cpu_usage_seconds_total\{container="main",.*pod="web"\} [\d.]+/);
    // From the container's own group.
    expect(body).toMatch(/container_processes\{container="main",.*pod="web"\} [1-9]/);
    expect(body).toMatch(/container_spec_cpu_shares\{container="main",.*pod="web"\} \d+/);
    expect(body).toMatch(/container_network_receive_bytes_total\{interface="eth0",namespace="default",pod="web"\} \d+/);
    // Those of everything that runs, and of nothing else.
    await eventually(() => bench.status('once')?.state?.terminated !== undefined);
    const resource = (await server.get('/metrics/resource')).body;
    const of = (name: string): string[] => [...resource.matchAll(new RegExp(`^${name}(?:\\{(.*?)\\})? (\\S+)`, 'gm'))].filter(([, , value]) => Number(value) > 0).map(([, labels]) => labels ?? '').sort();
    const containers = [['main', 'input'], ['main', 'web'], ['terminal', 'input']].map(([container, pod]) => `container="${container}",namespace="default",pod="${pod}"`).sort();
    for (const name of ['container_cpu_usage_seconds_total', 'container_memory_working_set_bytes', 'container_start_time_seconds']) expect(of(name)).toEqual(containers);
    for (const name of ['pod_cpu_usage_seconds_total', 'pod_memory_working_set_bytes']) expect(of(name)).toEqual(['namespace="default",pod="input"', 'namespace="default",pod="web"']);
    for (const name of ['node_cpu_usage_seconds_total', 'node_memory_working_set_bytes']) expect(of(name)).toEqual(['']);
    expect(resource).toMatch(/^resource_scrape_error 0$/m);
    // Its server may not have listened yet when it was asked first.
    await eventually(() => bench.status('web')?.ready === true);
    const probes = (await server.get('/metrics/probes')).body;
    const probed = `container="main",namespace="default",pod="web",pod_uid="${bench.pod('web')?.metadata.uid ?? ''}",probe_type="Readiness"`;
    expect(probes).toMatch(new RegExp(`^prober_probe_total\\{${probed},result="successful"\\} [1-9]`, 'm'));
    expect(probes).toMatch(/^prober_probe_duration_seconds_count\{container="main",namespace="default",pod="web",probe_type="Readiness"\} [1-9]/m);
    expect(JSON.parse((await server.get('/stats/summary')).body)).toMatchObject({ node: { runtime: { imageFs: { capacityBytes: expect.any(Number) as number } } } });
  });
});
