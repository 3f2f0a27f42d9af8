import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { FakeRuntime } from '../testing/fake-runtime';
import { aContainer, aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { PodProbes } from './pod-probes';
import { ProbeThresholds } from './probe-thresholds';
import { spelled } from './http-request';
import { runProbe, type ProbeOutcome } from './run-probe';

describe('runProbe', () => {
  const runtime = new FakeRuntime(new FakeClock());
  const seen: { path: string; headers: Record<string, unknown> }[] = [];
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ path: request.url ?? '', headers: request.headers });
      if (request.url === '/moved') response.writeHead(302, { location: '/ok' }).end();
      else if (request.url === '/elsewhere') response.writeHead(302, { location: 'http://example.invalid/' }).end();
      else if (request.url === '/slow') return;
      else response.writeHead(request.url === '/bad' ? 503 : 200).end('body');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const run = (probe: corev1.Probe): Promise<ProbeOutcome> => runProbe(probe, { container: aContainer('main', { ports: [{ name: 'web', containerPort: port }] }), containerId: 'c', podIP: '127.0.0.1' }, runtime);

  it.each<[string, string, string]>([['/ok', 'success', 'body'], ['/moved', 'success', 'body'], ['/elsewhere', 'success', ''], ['/bad', 'failure', 'HTTP probe failed with statuscode: 503']])('asks %s', async (path, result, output) => {
    await expect(run({ httpGet: { port: 'web', path } })).resolves.toEqual({ result, output });
  });

  it('sends the headers asked for, and says who it is', async () => {
    await run({ httpGet: { port, path: '/headers', httpHeaders: [{ name: 'Host', value: 'my.example' }, { name: 'X-Two', value: 'a' }, { name: 'X-Two', value: 'b' }] } });
    await run({ httpGet: { port, path: '/plain' } });
    expect(seen.at(-1)?.headers['host']).toBe(`127.0.0.1:${port}`);
    expect(seen.at(-2)?.headers).toMatchObject({ 'host': 'my.example', 'user-agent': 'kube-probe/1.36', 'accept': '*/*', 'x-two': 'a, b' });
  });

  it('says in Go\'s words why nothing answers', async () => {
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port: free } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(run({ httpGet: { port: free } })).resolves.toEqual({ result: 'failure', output: `Get "http://127.0.0.1:${free}/": dial tcp 127.0.0.1:${free}: connect: connection refused` });
    await expect(run({ tcpSocket: { port: free } })).resolves.toEqual({ result: 'failure', output: `dial tcp 127.0.0.1:${free}: connect: connection refused` });
    await expect(run({ tcpSocket: { port } })).resolves.toEqual({ result: 'success', output: '' });
    await expect(run({ httpGet: { port, path: '/slow' }, timeoutSeconds: 0.05 })).resolves.toMatchObject({ result: 'failure', output: expect.stringContaining('context deadline exceeded') as string });
  });

  it('names the port also where it is the scheme\'s own', () => {
    expect(spelled(new URL('http://10.244.0.1:80/'))).toBe('http://10.244.0.1:80/');
    expect(spelled(new URL('https://[fd00::1]:443/a?b'))).toBe('https://[fd00::1]:443/a?b');
    expect(spelled(new URL('http://10.244.0.1:8080/'))).toBe('http://10.244.0.1:8080/');
  });

  it.each<[string, number | Error, string, string]>([['the exit code 0', 0, 'success', 'outerr'], ['another code', 2, 'failure', 'outerr'], ['a runtime that fails', new Error('rpc error: code = NotFound desc = gone'), 'unknown', 'rpc error: code = NotFound desc = gone'], ['a command that takes too long', new Error('rpc error: code = DeadlineExceeded desc = timeout 1s exceeded'), 'failure', 'command timed out: "check me" timed out after 1s']])('runs a command: %s', async (_what, answer, result, output) => {
    runtime.behave['execSync'] = () => {
      if (answer instanceof Error) throw answer;
      return { exitCode: answer, stdout: Buffer.from('out'), stderr: Buffer.from('err') };
    };
    await expect(run({ exec: { command: ['check', 'me'] } })).resolves.toEqual({ result, output });
  });

  it('refuses a port that the container does not name', async () => {
    await expect(run({ httpGet: { port: 'none' } })).resolves.toEqual({ result: 'unknown', output: 'invalid port number: none' });
  });
});

describe('ProbeThresholds', () => {
  it('settles after so many of a kind in a row', () => {
    const thresholds = new ProbeThresholds({ failureThreshold: 3, successThreshold: 2 });
    const settled = (['success', 'success', 'failure', 'failure', 'success', 'failure', 'failure', 'failure'] as const).map((outcome) => thresholds.count(outcome));
    expect(settled).toEqual([undefined, 'success', undefined, undefined, undefined, undefined, undefined, 'failure']);
  });
});

describe('PodProbes', () => {
  it('waits its delay, holds other probes back until the container has started, and ends with it', async () => {
    const clock = new FakeClock();
    const asked: string[] = [];
    let started = false;
    let changes = 0;
    const probes = new PodProbes({
      clock, events: new RecordedEvents(), onChange: () => changes++,
      run: (probe) => {
        asked.push(`${(clock.now() - begin) / 1000} ${probe.exec?.command?.[0] ?? ''}`);
        return Promise.resolve({ result: probe.exec?.command?.[0] === 'startup' && !started ? 'failure' : 'success', output: '' });
      },
    });
    const begin = clock.now();
    const probe = (name: string, more: Partial<corev1.Probe>): corev1.Probe => ({ exec: { command: [name] }, ...more });
    const container = aContainer('main', { startupProbe: probe('startup', { initialDelaySeconds: 2, periodSeconds: 1, failureThreshold: 10 }), readinessProbe: probe('readiness', { periodSeconds: 3 }), livenessProbe: probe('liveness', { periodSeconds: 5, initialDelaySeconds: 7 }) });
    const pod = aPod({ containers: [container] });
    const view = { sandboxes: [], containers: [{ id: 'c1', name: 'main', state: 'running' as const, startedAtMs: begin, sandboxId: 's', attempt: 0, hash: '', createdAtMs: begin, finishedAtMs: 0, exitCode: 0, reason: '', message: '', image: '', imageRef: '', logPath: '' }] };
    const sync = (): void => probes.sync(pod, view, '10.0.0.1', false);
    sync();
    await clock.advance(3000);
    started = true;
    await clock.advance(1000);
    expect(probes.results('c1')).toEqual({ startup: 'success' });
    sync();
    await clock.advance(6000);
    expect(asked).toEqual(['2 startup', '3 startup', '4 startup', '4 readiness', '7 liveness', '7 readiness', '10 readiness']);
    expect(probes.results('c1')).toEqual({ startup: 'success', readiness: 'success', liveness: 'success' });
    expect(changes).toBe(3);
    probes.sync(pod, { sandboxes: [], containers: [] }, '10.0.0.1', false);
    await clock.advance(60_000);
    expect(asked).toHaveLength(7);
    expect(clock.pendingTimers).toBe(0);
  });
});
