import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { watchBoundary } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { WebSocketRemoteCommand } from '@navarch/streaming';
import { type ContainerRuntime } from '../runtime';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { ServerBench } from '../testing/server-bench';
import { subresourcesOf } from './authorization';
import { logQuery } from './log-query';

const isWell = ({ bench }: KubeletHarness): boolean => {
  try {
    bench.kubelet.checkRuntime();
    return true;
  } catch {
    return false;
  }
};

describe('the kubelet\'s HTTPS', () => {
  let harness: KubeletHarness;
  let server: ServerBench;

  beforeAll(async () => {
    harness = await KubeletHarness.open();
    harness.runtime.listContainerStats = () => Promise.resolve([...harness.runtime.containers.values()].map(({ status }) => runtimev1.ContainerStats.fromPartial({
      attributes: { id: status.id, labels: status.labels }, cpu: { usageCoreNanoSeconds: { value: 2_500_000_000n } }, memory: { workingSetBytes: { value: 4096n } }, writableLayer: { usedBytes: { value: 512n } },
    })));
    harness.runtime.listPodSandboxStats = () =>
      Promise.resolve(
        [...harness.runtime.sandboxes.values()].map(({ id, labels }) =>
          runtimev1.PodSandboxStats.fromPartial({ attributes: { id, labels }, linux: { process: { processCount: { value: 3n } } } }),
        ),
      );
    await harness.start();
    server = await ServerBench.open(harness.root, harness.bench.kubelet, harness.runtime, harness.clock);
    harness.bench.createPod(aPod({ containers: [aContainer('main', { readinessProbe: { tcpSocket: { port: 1 } } })] }));
    await harness.running('web');
  });
  afterAll(async () => {
    await server.server.stop();
    await harness.close();
  });
  beforeEach(async () => {
    // What was answered before is forgotten.
    await harness.clock.advance(31_000);
    server.may = () => true;
    server.asked.length = 0;
  });

  it('lets nobody in who shows neither certificate nor token', async () => {
    await expect(server.get('/pods', { certificate: false })).resolves.toEqual({ code: 401, body: 'Unauthorized' });
    await expect(server.get('/pods', { certificate: false, token: 'wrong' })).resolves.toEqual({ code: 401, body: 'Unauthorized' });
  });

  it('takes a token that the apiserver vouches for, and asks once', async () => {
    server.tokens.set('good', { username: 'prometheus', groups: ['monitoring'], extra: { scope: ['a'] } });
    const before = server.tokenReviews;
    await expect(server.get('/metrics', { certificate: false, token: 'good' })).resolves.toMatchObject({ code: 200 });
    await expect(server.get('/metrics', { certificate: false, token: 'good' })).resolves.toMatchObject({ code: 200 });
    expect(server.tokenReviews).toBe(before + 1);
    expect(server.asked).toEqual([{ user: 'prometheus', uid: '', groups: ['monitoring'], extra: { scope: ['a'] }, resourceAttributes: { verb: 'get', group: '', version: 'v1', resource: 'nodes', name: 'node-1', subresource: 'metrics' } }]);
  });

  it('asks for the most specific right first, then for the general one', async () => {
    server.may = () => false;
    const { code, body } = await server.get('/configz');
    expect([code, body]).toEqual([403, 'Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource(s)=[configz proxy])\n']);
    expect(server.asked.map(({ resourceAttributes }) => resourceAttributes?.subresource)).toEqual(['configz', 'proxy']);
    expect(server.asked[0]).toMatchObject({ user: 'kube-apiserver-kubelet-client', groups: ['team', 'system:authenticated'] });
    server.may = ({ resourceAttributes }) => resourceAttributes?.subresource === 'pods';
    await expect(server.get('/pods')).resolves.toMatchObject({ code: 200 });
  });

  it('reads URLs as long as commands may be', async () => {
    await expect(server.get(`/healthz?command=${'a'.repeat(20_000)}`)).resolves.toMatchObject({ code: 200 });
  });

  it('shows its pods, what runs, its health and its configuration', async () => {
    const pods = JSON.parse((await server.get('/pods')).body) as corev1.PodList;
    expect(pods.items[0]).not.toHaveProperty('kind');
    expect(pods).toMatchObject({ kind: 'PodList', items: [{ metadata: { name: 'web' }, status: { phase: 'Running' } }] });
    expect(JSON.parse((await server.get('/runningpods/')).body)).toMatchObject({ items: [{ metadata: { name: 'web' }, spec: { containers: [{ name: 'main' }] } }] });
    await expect(server.get('/healthz')).resolves.toEqual({ code: 200, body: 'ok' });
    expect(JSON.parse((await server.get('/configz')).body)).toEqual({ kubeletconfig: { maxPods: 110 } });
    expect((await server.get('/statusz')).body).toMatch(/^\nkubelet statusz\n[^]*\nPaths.* \/configz \/flagz \/healthz \/metrics\n$/);
    expect((await server.get('/flagz')).body).toMatch(/^\nkubelet flagz\n[^]*\naddress.*0\.0\.0\.0\n$/);
    await expect(server.get('/nowhere')).resolves.toMatchObject({ code: 404 });
    await expect(server.get('/pods', { method: 'DELETE' })).resolves.toMatchObject({ code: 405 });
    await expect(server.get('/exec/default/web/main?command=ls&output=1')).resolves.toEqual({ code: 400, body: 'Upgrade request required' });
  });

  it('serves nothing that looks into containers where it is told not to', async () => {
    server.debugging = false;
    try {
      for (const path of ['/runningpods/', '/containerLogs/default/web/main', '/logs/', '/exec/default/web/main?command=ls&output=1']) await expect(server.get(path)).resolves.toEqual({ code: 405, body: 'Debug endpoints are disabled.\n' });
      await expect(server.get('/run/default/web/main?cmd=ls', { method: 'POST' })).resolves.toMatchObject({ code: 405 });
      await expect(server.get('/configz')).resolves.toMatchObject({ code: 404 });
      for (const path of ['/pods', '/metrics', '/healthz', '/stats/summary']) await expect(server.get(path)).resolves.toMatchObject({ code: 200 });
      server.debugging = true;
      server.showsLogs = false;
      await expect(server.get('/logs/')).resolves.toEqual({ code: 405, body: 'logs endpoint is disabled.\n' });
      await expect(server.get('/configz')).resolves.toMatchObject({ code: 200 });
    } finally {
      server.debugging = true;
      server.showsLogs = true;
    }
  });

  it('says which of its health checks fails, and not why', async () => {
    await expect(server.get('/healthz?verbose')).resolves.toEqual({ code: 200, body: '[+]ping ok\n[+]syncloop ok\nhealthz check passed\n' });
    await expect(server.get('/healthz/none')).resolves.toMatchObject({ code: 404 });
    const list = harness.runtime.listContainers.bind(harness.runtime);
    harness.runtime.listContainers = () => Promise.reject(new Error('a secret reason'));
    try {
      await harness.clock.advance(200_000);
      await expect(server.get('/healthz')).resolves.toEqual({ code: 500, body: '[+]ping ok\n[-]syncloop failed: reason withheld\nhealthz check failed\n' });
      await expect(server.get('/healthz/syncloop')).resolves.toEqual({ code: 500, body: 'internal server error: syncloop check failed: reason withheld\n' });
      await expect(server.get('/healthz/ping')).resolves.toEqual({ code: 200, body: 'ok' });
    } finally {
      harness.runtime.listContainers = list;
    }
    await harness.passing('it is well again', 10_000, () => isWell(harness));
  });

  it('tells whoever looks who asked for what and what came of it, without the query', async () => {
    let stop = (): void => undefined;
    const told = new Promise<unknown[]>((resolve) => {
      const all: unknown[] = [];
      stop = watchBoundary(({ carrier, what, message }) => {
        if (carrier === 'rest' && all.push([what, message?.()]) === 2) resolve(all);
      });
    });
    await server.get('/run/default/web/main?cmd=hunter2', { method: 'POST' });
    await server.get('/metrics', { certificate: false });
    expect(await told).toEqual([['POST /run/default/web/main', { user: 'kube-apiserver-kubelet-client', code: 200 }], ['GET /metrics', { user: undefined, code: 401 }]]);
    stop();
  });

  it('tells usage, as a document and as metrics by upstream\'s names', async () => {
    expect(JSON.parse((await server.get('/stats/summary')).body)).toMatchObject({
      node: { nodeName: 'node-1', systemContainers: [{ name: 'kubelet', cpu: { usageCoreNanoSeconds: expect.any(Number) as number }, memory: { rssBytes: expect.any(Number) as number } }], memory: { rssBytes: expect.any(Number) as number, pageFaults: expect.any(Number) as number, majorPageFaults: expect.any(Number) as number }, network: { interfaces: expect.any(Array) as unknown[] }, fs: { capacityBytes: expect.any(Number) as number }, rlimit: { maxpid: expect.any(Number) as number } },
      pods: [{ podRef: { name: 'web' }, containers: [{ name: 'main', rootfs: { usedBytes: 512 }, logs: { usedBytes: expect.any(Number) as number } }], 'ephemeral-storage': { usedBytes: expect.any(Number) as number }, process_stats: { process_count: 3 } }],
    });
    expect((JSON.parse((await server.get('/stats/summary?only_cpu_and_memory=true')).body) as { node: object }).node).not.toHaveProperty('fs');
    const resource = (await server.get('/metrics/resource')).body;
    // With the time of the measurement, as upstream.
    expect(resource).toContain(`container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 2.5 ${harness.clock.now()}\n`);
    expect(resource).toContain(`pod_memory_working_set_bytes{namespace="default",pod="web"} 4096 ${harness.clock.now()}\n`);
    expect(resource).toContain('resource_scrape_error 0');
    expect(resource).toContain(`container_swap_usage_bytes{container="main",namespace="default",pod="web"} 0 ${harness.clock.now()}\n`);
    expect(resource).toContain(`pod_swap_usage_bytes{namespace="default",pod="web"} 0 ${harness.clock.now()}\n`);
    expect(resource).toMatch(/^node_swap_usage_bytes \d+ \d+$/m);
    expect((await server.get('/metrics/cadvisor')).body).toMatch(/container_memory_working_set_bytes\{container="main",id="container-\d+",image="app:1",name="container-\d+",namespace="default",pod="web"\} 4096/);
    server.group = { userSeconds: 1.5, cacheBytes: 512, memoryLimitBytes: Infinity, throttledPeriods: 7, pids: [process.pid], disks: [{ major: 999_999, minor: 7, reads: 1, writes: 2, readBytes: 512, writtenBytes: 1024 }] };
    const advisor = (await server.get('/metrics/cadvisor')).body;
    expect(advisor).toMatch(/^container_cpu_user_seconds_total\{container="main",.*\} 1\.5$/m);
    expect(advisor).toMatch(/^container_memory_cache\{.*\} 512$/m);
    expect(advisor).toMatch(/^container_file_descriptors\{.*\} [1-9]\d*$/m);
    expect(advisor).toMatch(/^container_sockets\{.*\} \d+$/m);
    expect(advisor).toMatch(/^container_fs_writes_total\{.*device=""\} 2$/m);
    expect(advisor).toMatch(/^container_blkio_device_usage_total\{.*device="",major="999999",minor="7",operation="Write"\} 1024$/m);
    expect(advisor).toMatch(/^container_spec_memory_limit_bytes\{.*\} 0$/m);
    // Nothing is counted in periods where there is no quota.
    expect(advisor).not.toMatch(/^container_cpu_cfs_throttled_periods_total\{/m);
    expect((await server.get('/metrics')).body).toMatch(/^kubelet_container_log_filesystem_used_bytes\{uid=".*",namespace="default",pod="web",container="main"\} \d+$/m);
    await harness.passing('probed', 1000, () => harness.bench.status('web') !== undefined);
    expect((await server.get('/metrics/probes')).body).toContain('# TYPE prober_probe_total counter');
    expect((await server.get('/metrics/probes')).body).toContain('# TYPE prober_probe_duration_seconds histogram');
  });

  it('tells what it was asked, and what its health checks say', async () => {
    server.health.add('runtime', () => undefined, ['healthz']);
    await server.health.report('healthz');
    expect((await server.get('/metrics/slis')).body.split('\n')).toEqual(
      expect.arrayContaining([
        'kubernetes_healthcheck{name="runtime",type="healthz"} 1',
        'kubernetes_healthchecks_total{name="runtime",type="healthz",status="success"} 1',
      ]),
    );
    await server.get('/metrics/nothing');
    const metrics = await server.registry.metrics();
    for (const [path, count] of [['metrics/slis', '1'], ['other', '[1-9]'], ['pods', '[1-9]']]) {
      expect(metrics).toMatch(new RegExp(`kubelet_http_requests_total\\{method="GET",path="${path}",server_type="readwrite",long_running="false"\\} ${count}`));
    }
    expect(metrics).toContain('kubelet_http_requests_duration_seconds_count{method="GET",path="metrics/slis",server_type="readwrite",long_running="false"} 1');
  });

  it('gives logs with all their options, and refuses those that make no sense', async () => {
    const path = harness.runtime.newest('main').status.logPath;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '2026-01-01T00:00:00.000000001Z stdout F one\n2026-01-01T00:00:01.000000001Z stderr F two\n');
    const log = async (query: string) => server.get(`/containerLogs/default/web/main${query}`);
    await expect(log('')).resolves.toEqual({ code: 200, body: 'one\ntwo\n' });
    await expect(log('?tailLines=1&timestamps=true')).resolves.toEqual({ code: 200, body: '2026-01-01T00:00:01.000000001Z two\n' });
    await expect(log('?stream=Stdout')).resolves.toEqual({ code: 200, body: 'one\n' });
    await expect(log('?limitBytes=2')).resolves.toEqual({ code: 200, body: 'on' });
    await expect(log('?sinceTime=2026-01-01T00:00:01Z')).resolves.toEqual({ code: 200, body: 'two\n' });
    await expect(log('?tailLines=-1')).resolves.toMatchObject({ code: 422 });
    await expect(log('?sinceSeconds=1&sinceTime=2026-01-01T00:00:01Z')).resolves.toMatchObject({ code: 422 });
    await expect(server.get('/containerLogs/default/none/main')).resolves.toMatchObject({ code: 404 });
    await expect(server.get('/containerLogs/default/web/none')).resolves.toMatchObject({ code: 400 });
  });

  it('shows the node\'s logs, and nothing that links lead to outside them', async () => {
    const logs = join(harness.root, 'server', 'logs');
    await mkdir(join(logs, 'pods'), { recursive: true });
    await writeFile(join(logs, 'messages'), 'hello\n');
    await symlink('/etc/passwd', join(logs, 'way-out'));
    expect((await server.get('/logs/')).body).toBe('<pre>\n<a href="messages">messages</a>\n<a href="pods/">pods/</a>\n<a href="way-out">way-out</a>\n</pre>\n');
    await expect(server.get('/logs/messages')).resolves.toEqual({ code: 200, body: 'hello\n' });
    for (const path of ['/logs/way-out', '/logs/none', '/logs/%2e%2e%2ftls.key', '/logs/messages/x']) await expect(server.get(path)).resolves.toMatchObject({ code: 404 });
    expect(server.asked.map(({ resourceAttributes }) => resourceAttributes?.subresource)).toEqual(['log']);
  });

  it('attaches with a terminal where the container has one, whatever is asked for', async () => {
    const attach = jest.spyOn(harness.runtime as ContainerRuntime, 'attach').mockRejectedValue(new Error('seen enough'));
    harness.bench.createPod(aPod({ containers: [aContainer('main'), aContainer('terminal', { tty: true })] }, { name: 'two' }));
    await harness.running('two');
    const streams = { stdin: true, stdout: true, stderr: true, tty: false };
    for (const [container, query] of [
      ['main', 'tty=1'],
      ['terminal', 'stderr=1'],
    ] as const)
      await expect(
        WebSocketRemoteCommand.dial(server.url(`/attach/default/two/${container}?stdin=1&stdout=1&${query}`), streams, { tls: server.tls }),
      ).rejects.toThrow('seen enough');
    expect(attach.mock.calls.map(([{ stdin, stdout, stderr, tty }]) => ({ stdin, stdout, stderr, tty }))).toEqual([{ stdin: true, stdout: true, stderr: false, tty: false }, { stdin: true, stdout: true, stderr: false, tty: true }]);
    attach.mockRestore();
    harness.bench.api.delete(core.pods, 'default', 'two', { gracePeriodSeconds: 0 });
  });

  it('runs a command for whoever posts it, and writes a container down', async () => {
    await expect(server.get('/run/default/web/main?cmd=ls%20-l', { method: 'POST' })).resolves.toMatchObject({ code: 200 });
    expect(harness.runtime.calls.some((call) => call.startsWith('execSync ls -l'))).toBe(true);
    await expect(server.get('/run/default/web/main?cmd=ls')).resolves.toMatchObject({ code: 405 });
    await expect(server.get('/run/default/none/main?cmd=ls', { method: 'POST' })).resolves.toMatchObject({ code: 404 });
    const { code, body } = await server.get('/checkpoint/default/web/main?timeout=5', { method: 'POST' });
    const [path] = (JSON.parse(body) as { items: string[] }).items;
    expect([code, path]).toEqual([200, expect.stringMatching(/\/checkpoints\/checkpoint-web_default-main-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.tar$/)]);
    await expect(server.get('/checkpoint/default/web/main?timeout=x', { method: 'POST' })).resolves.toEqual({ code: 400, body: 'cannot parse value of timeout parameter' });
  });
});

describe('subresourcesOf', () => {
  it.each([
    ['/stats/summary', ['stats']],
    ['/metrics/cadvisor', ['metrics']],
    ['/healthz', ['healthz', 'proxy']],
    ['/podsx', ['proxy']],
    ['/exec/a/b/c', ['proxy']],
    ['/containerLogs/a/b/c', ['proxy']],
    ['/runningpods/', ['pods', 'proxy']],
    ['/statusz', ['statusz']],
    ['/flagz', ['configz']],
  ])('of %s', (path, expected) => {
    expect(subresourcesOf(path)).toEqual(expected);
  });
});

it('reads log options', () => {
  const clock = new FakeClock();
  const { options, previous } = logQuery(new URLSearchParams('follow=true&previous=1&sinceSeconds=5&stream=Stderr'), clock);
  expect([options, previous]).toEqual([{ follow: true, timestamps: false, sinceNs: BigInt(clock.now() - 5000) * 1_000_000n, stream: 'stderr' }, true]);
});
