import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { FakeClock } from '@navarch/clock';
import { Registry } from 'prom-client';
import { createKubeletMetrics } from '../kubelet-metrics';
import { FakeRuntime } from '../testing/fake-runtime';
import { aContainer, aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { runHook } from './lifecycle-hooks';

describe('an HTTPS hook', () => {
  const seen: IncomingHttpHeaders[] = [];
  const events = new RecordedEvents();
  const clock = new FakeClock();
  const registry = new Registry();
  const metrics = createKubeletMetrics(registry);
  let server: Server;
  let port: number;
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers);
      response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const run = (at: number): Promise<void> => runHook({ httpGet: { scheme: 'HTTPS', port: at, path: '/bye', httpHeaders: [{ name: 'Authorization', value: 'secret' }, { name: 'X-Kept', value: 'yes' }] } }, { pod: aPod(), container: aContainer('main'), containerId: 'c', podIP: '127.0.0.1' }, { runtime: new FakeRuntime(clock), clock, events, metrics }, new AbortController().signal);

  it('goes over HTTP to a server that speaks nothing else, without credentials, and says so', async () => {
    await run(port);
    expect(seen).toEqual([expect.objectContaining({ 'x-kept': 'yes', 'user-agent': 'kube-lifecycle/1.36' })]);
    expect(seen[0]).not.toHaveProperty('authorization');
    expect(events.lines).toEqual([`LifecycleHTTPFallback: request to HTTPS lifecycle hook 127.0.0.1:${port} got HTTP response, retry with HTTP succeeded`]);
    expect(await registry.metrics()).toContain('\nkubelet_lifecycle_handler_http_fallbacks_total 1\n');
  });

  it('that sleeps is counted when it is cut short', async () => {
    const over = new AbortController();
    const sleeping = runHook({ sleep: { seconds: 60 } }, { pod: aPod(), container: aContainer('main'), containerId: 'c', podIP: '127.0.0.1' }, { runtime: new FakeRuntime(clock), clock, events, metrics }, over.signal);
    over.abort(new Error('grace period is over'));
    await expect(sleeping).rejects.toThrow('grace period is over');
    expect(await registry.metrics()).toContain('\nkubelet_sleep_action_terminated_early_total 1\n');
  });

  it('over a bare connection is not one that can be run', async () => {
    await expect(
      runHook(
        { tcpSocket: { port } },
        { pod: aPod(), container: aContainer('main'), containerId: 'c', podIP: '127.0.0.1' },
        { runtime: new FakeRuntime(clock), clock, events, metrics },
        new AbortController().signal,
      ),
    ).rejects.toThrow('Cannot run handler: invalid handler');
  });

  it('fails where nobody answers', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port: free } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    await expect(run(free)).rejects.toThrow('HTTP lifecycle hook (/bye) for Container "main"');
  });
});
