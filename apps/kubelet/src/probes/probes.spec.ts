import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { Server, ServerCredentials, status, type sendUnaryData, type ServiceDefinition } from '@grpc/grpc-js';
import { type corev1 } from '@navarch/api';
import { FakeClock, systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
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
  let server: HttpServer;
  let port: number;

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ path: request.url ?? '', headers: request.headers });
      if (request.url === '/moved') response.writeHead(302, { location: '/ok' }).end();
      else if (request.url === '/elsewhere') response.writeHead(302, { location: 'http://example.invalid/' }).end('over there');
      else if (request.url === '/not-modified') response.writeHead(304).end();
      else if (request.url === '/loop') response.writeHead(307, { location: '/loop' }).end();
      else if (request.url === '/long') response.writeHead(200).end('x'.repeat(100_000));
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

  it.each<[string, string, string]>([['/ok', 'success', 'body'], ['/moved', 'success', 'body'], ['/elsewhere', 'warning', 'Probe terminated redirects, Response body: over there'], ['/not-modified', 'warning', 'Probe terminated redirects, Response body: '], ['/bad', 'failure', 'HTTP probe failed with statuscode: 503']])('asks %s', async (path, result, output) => {
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

  it('follows ten requests and no more, and reads ten KiB of an answer and no more', async () => {
    const before = seen.length;
    await expect(run({ httpGet: { port, path: '/loop' } })).resolves.toEqual({ result: 'failure', output: 'Get "/loop": stopped after 10 redirects' });
    expect(seen.length - before).toBe(10);
    await expect(run({ httpGet: { port, path: '/long' } })).resolves.toEqual({ result: 'success', output: 'x'.repeat(10 * 1024) });
  });

  it('asks the host that the probe names, not the pod', async () => {
    const other = createServer((_request, response) => response.end('another'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.2', resolve));
    const { port: otherPort } = other.address() as AddressInfo;
    await expect(run({ httpGet: { host: '127.0.0.2', port: otherPort } })).resolves.toEqual({ result: 'success', output: 'another' });
    await expect(run({ httpGet: { port: otherPort } })).resolves.toMatchObject({ result: 'failure' });
    await expect(run({ tcpSocket: { host: '127.0.0.2', port: String(otherPort) } })).resolves.toEqual({ result: 'success', output: '' });
    await new Promise((resolve) => other.close(resolve));
  });

  it('asks over TLS whatever the certificate says', async () => {
    const authority = await CertificateAuthority.create('nobody\'s', systemClock);
    const secure = createSecureServer(await authority.issue({ commonName: 'not-this-pod', usages: ['server auth'], hosts: ['elsewhere.example'] }), (_request, response) => response.end('in secret'));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { port: securePort } = secure.address() as AddressInfo;
    await expect(run({ httpGet: { scheme: 'HTTPS', port: securePort } })).resolves.toEqual({ result: 'success', output: 'in secret' });
    await expect(run({ httpGet: { scheme: 'HTTP', port: securePort } })).resolves.toMatchObject({ result: 'failure' });
    await expect(run({ httpGet: { scheme: 'HTTPS', port } })).resolves.toEqual({ result: 'failure', output: `Get "https://127.0.0.1:${port}/": http: server gave HTTP response to HTTPS client` });
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
  });

  describe('over gRPC', () => {
    const grpc = new Server();
    const health: ServiceDefinition = { check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false, requestSerialize: (value: Buffer) => value, requestDeserialize: (value) => value, responseSerialize: (value: Buffer) => value, responseDeserialize: (value) => value } };
    let grpcPort: number;
    beforeAll(async () => {
      // The service's name says what is answered: a status as protobuf has it, or nothing.
      grpc.addService(health, {
        check: ({ request }: { request: Buffer }, answer: sendUnaryData<Buffer>) => {
          const service = request.subarray(2).toString();
          if (service !== 'silent') answer(service === 'unknown' ? { code: status.NOT_FOUND, details: 'unknown service' } : null, Buffer.from([0x08, service === 'down' ? 2 : 1]));
        },
      });
      grpcPort = await new Promise((resolve, reject) => grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
    });
    afterAll(() => grpc.forceShutdown());

    it.each<[string, string | undefined, string, string]>([
      ['a server that is well', undefined, 'success', 'service healthy'], ['a service that is not', 'down', 'failure', 'service unhealthy (responded with "NOT_SERVING")'],
      ['a service that there is not', 'unknown', 'failure', 'error: health rpc probe failed: 5 NOT_FOUND: unknown service'], ['a server that says nothing', 'silent', 'failure', 'timeout: health rpc did not complete within 0.5s'],
    ])('asks %s', async (_what, service, result, output) => {
      await expect(run({ grpc: { port: grpcPort, ...(service === undefined ? {} : { service }) }, timeoutSeconds: 0.5 })).resolves.toEqual({ result, output });
    });

    it('tells a server that does not know the protocol from one that is not there', async () => {
      const bare = new Server();
      const barePort = await new Promise<number>((resolve, reject) => bare.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
      await expect(run({ grpc: { port: barePort } })).resolves.toMatchObject({ result: 'failure', output: expect.stringContaining('error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ') as string });
      bare.forceShutdown();
      await expect(run({ grpc: { port: barePort }, timeoutSeconds: 0.2 })).resolves.toEqual({ result: 'failure', output: `timeout: failed to connect service "127.0.0.1:${barePort}" within 0.2s: context deadline exceeded` });
    });
  });

  it('knows in its commands the variables that the spec itself sets, tries one that cannot be made again, and cuts what is said', async () => {
    const asked: string[] = [];
    runtime.behave['execSync'] = (command) => {
      asked.push(String(command));
      if (asked.length < 3) throw new Error('rpc error: code = Unavailable desc = busy');
      return { exitCode: 0, stdout: Buffer.from('y'.repeat(20_000)), stderr: Buffer.alloc(0) };
    };
    const container = aContainer('main', { env: [{ name: 'PORT', value: '80' }, { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] });
    const { result, output } = await runProbe({ exec: { command: ['check', '$(PORT)', '[$(NODE)]', '$(NONE)', '$$(PORT)'] } }, { container, containerId: 'c', podIP: '' }, runtime);
    expect([result, output.length]).toEqual(['success', 10 * 1024]);
    expect(asked).toEqual(Array.from({ length: 3 }, () => 'check 80 [] $(NONE) $(PORT)'));
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

  it('says in an event what it warns of, and takes it for a success', async () => {
    const clock = new FakeClock();
    const events = new RecordedEvents();
    const probes = new PodProbes({ clock, events, onChange: () => undefined, run: () => Promise.resolve({ result: 'warning', output: 'Probe terminated redirects, Response body: ' }) });
    probes.sync(aPod({ containers: [aContainer('main', { readinessProbe: { httpGet: { port: 80 } } })] }), { sandboxes: [], containers: [{ id: 'c1', name: 'main', state: 'running', startedAtMs: clock.now(), sandboxId: 's', attempt: 0, hash: '', createdAtMs: 0, finishedAtMs: 0, exitCode: 0, reason: '', message: '', image: '', imageRef: '', logPath: '' }] }, '10.0.0.1', false);
    await clock.advance(1);
    expect([probes.results('c1'), events.lines]).toEqual([{ readiness: 'success' }, ['ProbeWarning: Readiness probe warning: Probe terminated redirects, Response body: ']]);
    probes.stop();
  });
});
