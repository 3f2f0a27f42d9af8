import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { createLogger, silentLogger } from '@navarch/component-base';
import { nodev1, runtimev1 } from '@navarch/proto';
import { connect, RpcServer, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { eventually, readOciArchive, RegistryDouble } from '@navarch/testing';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { readCredentialProviders, type CredentialProvider } from './images/credential-provider-config';
import { CredentialProviders } from './images/credential-providers';
import { NodeService } from './node-service/node-service';
import { StatsReader, type StatsSummary } from './node-service/stats-summary';
import { VolumeMeasures } from './node-service/volume-stats';
import { RuntimeStreaming } from './node-service/streaming';
import { gracesFromPeriods } from './shutdown/plan-shutdown';
import { KubeletBench } from './testing/kubelet-bench';
import { aContainer, aPod } from './testing/pod-bench';
import { PrivateNode, run } from './testing/private-node';
import { HostMounter } from './volumes/mounter';

const image = 'navarch.local/web:1';

jest.setTimeout(120_000);

/** Empty for a process that has gone meanwhile. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return '';
  }
}

describe('a kubelet on containerd', () => {
  const node = new PrivateNode();
  let bench: KubeletBench;
  let server: RpcServer;
  let channel: RpcChannel;
  /** Where the node's programs are that give credentials, and which there are. */
  const programs = (): string => join(node.folder, 'programs');
  const providers: CredentialProvider[] = [];

  const serveNode = async (): Promise<void> => {
    const { kubelet: { table } } = bench;
    const { runtime } = node;
    const address = `unix://${node.folder}/node.sock`;
    server = new RpcServer({ address }, { log: silentLogger });
    server.add(nodev1.NodeServiceService, new NodeService({ table, authorize: () => undefined, stats: new StatsReader('node-1', { runtime, table, clock: systemClock, rootDir: node.folder, volumes: new VolumeMeasures({ clock: systemClock, log: silentLogger, volumes: (uid) => bench.kubelet.volumesOf(uid) }) }), streaming: new RuntimeStreaming({ runtime, table, idleMs: 0 }) }));
    await server.start();
    channel = connect({ address });
  };

  beforeAll(async () => {
    await node.start();
    const log = process.env['DEBUG_KUBELET'] ? createLogger('kubelet', { level: 'debug' }) : undefined;
    bench = new KubeletBench({
      clock: systemClock, runtime: node.runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root: node.folder, address: node.address,
      options: { cgroupRoot: node.cgroupRoot, syncFrequencyMs: 500, maxParallelImagePulls: 2 }, credentialProviders: new CredentialProviders(providers, programs(), { clock: systemClock, log: silentLogger }), ...(log ? { log } : {}),
    });
    bench.api.create(core.configmaps, 'default', { metadata: { name: 'settings' }, data: { color: 'green' } } as corev1.ConfigMap);
    bench.api.create(core.secrets, 'default', { metadata: { name: 'keys' }, data: { token: Buffer.from('s3cret').toString('base64') } } as corev1.Secret);
    await bench.start();
    await serveNode();
  });
  afterAll(async () => {
    channel.close();
    await server.stop();
    await bench.stop();
    await node.stop();
  });

  const container = (name: string, command: string, more: Partial<corev1.Container> = {}): corev1.Container => aContainer(name, { image, command: ['sh', '-c', command], ...more });
  const lines = (name: string, containerName = 'main'): { atMs: number; text: string }[] => {
    const path = `${node.folder}/logs/default_${name}_${bench.pod(name)?.metadata.uid ?? ''}/${containerName}/0.log`;
    return readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map((line) => ({ atMs: Date.parse(line.split(' ')[0] ?? ''), text: line.split(' ').slice(3).join(' ') }));
  };
  const log = (name: string, containerName = 'main'): string => lines(name, containerName).map(({ text }) => text).join('\n');
  const phase = (name: string, wanted: string): Promise<corev1.Pod> => eventually(() => {
    const pod = bench.pod(name);
    if (pod?.status?.phase !== wanted) throw new Error(`${pod?.status?.phase ?? 'no phase'}; events: ${bench.events.lines.slice(-8).join(' | ')}`);
    return pod;
  }, { timeoutMs: 30_000 });

  it('is not ready before there is a network, and ready right after', async () => {
    const ready = (): corev1.NodeCondition | undefined => bench.api.find(core.nodes, '', 'node-1')?.status?.conditions?.find(({ type }) => type === 'Ready');
    await eventually(() => ready()?.status === 'False');
    expect(ready()).toMatchObject({ reason: 'KubeletNotReady', message: expect.stringContaining('cni plugin not initialized') as string });
    await node.enableNetwork();
    await eventually(() => ready()?.status === 'True');
    expect(ready()).toMatchObject({ reason: 'KubeletReady', message: 'kubelet is posting ready status' });
  });

  it('runs a pod with its network, and answers its readiness probe', async () => {
    bench.createPod(aPod({ containers: [aContainer('main', { image, readinessProbe: { httpGet: { port: 80, path: '/' }, periodSeconds: 1 } })] }, { name: 'web' }));
    await phase('web', 'Running');
    await eventually(() => bench.status('web')?.ready === true);
    const ip = bench.pod('web')?.status?.podIP ?? '';
    await expect((await fetch(`http://${ip}/`)).text()).resolves.toBe('web:1 web\n');
  });

  it('gives a container its environment, files, names and limits', async () => {
    bench.createPod(aPod({
      restartPolicy: 'Never', subdomain: 'sub', enableServiceLinks: false, hostAliases: [{ ip: '192.0.2.9', hostnames: ['alias.example'] }],
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } }, { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } }, { name: 'scratch', emptyDir: {} }, { name: 'fast', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        { name: 'about', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
      securityContext: { fsGroup: 2000 },
      containers: [container('main', [
        'echo color=$COLOR ip=$IP cpu=$CPU greeting=$GREETING', 'cat /etc/settings/color; echo', 'cat /keys/token; echo', 'cat /about/labels; echo', 'cat /sub/color; echo', 'hostname', 'grep -c alias.example /etc/hosts', 'grep sub.default.svc.cluster.local /etc/hosts | cut -f 2',
        'cat /etc/resolv.conf', 'stat -c %g /scratch', 'df -k /fast | tail -1 | tr -s " " | cut -d " " -f 2', 'id -u; id -G', 'touch /etc/settings/x 2>/dev/null || echo read-only', 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max', 'echo all is well > /dev/termination-log',
      ].join('; '), {
        env: [
          { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } }, { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } }, { name: 'GREETING', value: 'hello-$(COLOR)-$$(COLOR)' },
        ],
        resources: { limits: { cpu: '100m', memory: '64Mi' }, requests: { cpu: '100m', memory: '64Mi' } },
        securityContext: { runAsUser: 1000, runAsGroup: 1000 },
        volumeMounts: [
          { name: 'settings', mountPath: '/etc/settings' }, { name: 'keys', mountPath: '/keys' }, { name: 'scratch', mountPath: '/scratch' }, { name: 'fast', mountPath: '/fast' }, { name: 'about', mountPath: '/about' },
          { name: 'settings', mountPath: '/sub/color', subPath: 'color' },
        ],
      })],
    }, { name: 'all', labels: { app: 'all' } }));
    const pod = await phase('all', 'Succeeded');
    expect(log('all').split('\n')).toEqual([
      `color=green ip=${pod.status?.podIP ?? ''} cpu=100 greeting=hello-green-$(COLOR)`, 'green', 's3cret', 'app="all"', 'green', 'all', '1', 'all.sub.default.svc.cluster.local',
      'search default.svc.cluster.local svc.cluster.local cluster.local', 'nameserver 10.96.0.10', 'options ndots:5', '2000', '1024', '1000', '1000 2000', 'read-only', String(64 * 2 ** 20),
    ]);
    expect(bench.status('all')?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'all is well\n' });
    expect(pod.status?.qosClass).toBe('Guaranteed');
    await eventually(() => !existsSync(`${node.folder}/kubelet/pods/${pod.metadata.uid ?? ''}/volumes`));
  });

  it('brings a changed ConfigMap into a running container', async () => {
    bench.createPod(aPod({ volumes: [{ name: 'settings', configMap: { name: 'settings' } }], containers: [container('main', 'while true; do cat /etc/settings/color; echo; sleep 0.1; done', { volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }] })] }, { name: 'live' }));
    await phase('live', 'Running');
    bench.api.update(core.configmaps, 'default', 'settings', '', { metadata: { name: 'settings', namespace: 'default' }, data: { color: 'blue' } } as corev1.ConfigMap);
    await eventually(() => log('live').endsWith('blue'));
  });

  it('restarts what crashes, and says OOMKilled of what took too much memory', async () => {
    bench.createPod(aPod({ containers: [container('main', 'x=x; while true; do x=$x$x; done', { resources: { limits: { memory: '16Mi' } } })] }, { name: 'greedy' }));
    await eventually(() => bench.status('greedy')?.lastState?.terminated?.reason === 'OOMKilled', { timeoutMs: 30_000 });
    await eventually(() => bench.status('greedy')?.state?.waiting?.reason === 'CrashLoopBackOff', { timeoutMs: 30_000 });
    expect(bench.status('greedy')?.restartCount).toBeGreaterThan(0);
  });

  it('restarts a container that fails its exec liveness probe', async () => {
    bench.createPod(aPod({ terminationGracePeriodSeconds: 1, containers: [container('main', 'touch /tmp/ok; sleep 1; rm /tmp/ok; sleep 1000', { livenessProbe: { exec: { command: ['cat', '/tmp/ok'] }, periodSeconds: 1, failureThreshold: 1 } })] }, { name: 'sick' }));
    await eventually(() => (bench.status('sick')?.restartCount ?? 0) > 0, { timeoutMs: 30_000 });
    expect(bench.events.lines).toContain("Unhealthy: Liveness probe failed: cat: can't open '/tmp/ok': No such file or directory\n");
  });

  it('ends a probe\'s command that takes too long, and lets the container go on', async () => {
    const seconds = '86399';
    const commands = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => commandLine(pid) === `sleep ${seconds}`);
    bench.createPod(aPod({ terminationGracePeriodSeconds: 1, containers: [container('main', 'sleep 1000', { readinessProbe: { exec: { command: ['sleep', seconds] }, timeoutSeconds: 1, periodSeconds: 1000 } })] }, { name: 'slow-probe' }));
    await eventually(() => bench.events.lines.includes(`Unhealthy: Readiness probe failed: command timed out: "sleep ${seconds}" timed out after 1s`), { timeoutMs: 30_000 });
    await eventually(() => commands().length === 0);
    expect(bench.status('slow-probe')).toMatchObject({ ready: false, restartCount: 0, state: { running: {} } });
  });

  describe('node service', () => {
    const service = (): ServiceClient<typeof nodev1.NodeServiceService> => channel.client(nodev1.NodeServiceService);
    const main = { namespace: 'default', pod: 'web', podUid: '', container: 'main' };
    const logs = async (request: Partial<nodev1.LogsRequest>): Promise<string> => {
      const chunks: Buffer[] = [];
      for await (const { data } of service().logs({ container: main, follow: false, previous: false, timestamps: false, tailLines: undefined, limitBytes: undefined, sinceUnixNs: undefined, stream: '', ...request })) chunks.push(data);
      return Buffer.concat(chunks).toString();
    };

    it('gives logs, also those before a restart, and says which there are not', async () => {
      expect(await logs({ tailLines: 1n })).not.toBe('');
      expect(await logs({ limitBytes: 23n })).toBe('web:1 on web listens on');
      await expect(logs({ previous: true })).rejects.toThrow('previous terminated container "main" in pod "web" not found');
      await expect(logs({ container: { ...main, pod: 'none' } })).rejects.toThrow('pods "none" not found');
      await expect(logs({ container: { ...main, pod: 'sick' }, previous: true })).resolves.toBe('');
    });

    it('runs commands with their streams and exit codes', async () => {
      const output: string[] = [];
      const requests = async function* (): AsyncGenerator<nodev1.ExecRequest> {
        yield { input: { $case: 'start', value: { container: main, command: ['sh', '-c', 'read word; echo "got $word"; echo wrong >&2; exit 3'], stdin: true, stdout: true, stderr: true, tty: false } } };
        yield { input: { $case: 'stdin', value: Buffer.from('hello\n') } };
        yield { input: { $case: 'stdinClosed', value: true } };
        await new Promise(() => undefined);
      };
      for await (const { output: message } of service().exec(requests())) {
        if (message?.$case === 'stdout' || message?.$case === 'stderr') output.push(`${message.$case}: ${message.value.toString()}`);
        if (message?.$case === 'exit') output.push(`exit: ${message.value.code} ${message.value.error}`);
      }
      expect(output.sort()).toEqual(['exit: 3 ', 'stderr: wrong\n', 'stdout: got hello\n']);
    });

    it('forwards a port', async () => {
      const received: Buffer[] = [];
      const requests = async function* (): AsyncGenerator<nodev1.PortForwardRequest> {
        yield { input: { $case: 'start', value: { namespace: 'default', pod: 'web', podUid: '', port: 80 } } };
        yield { input: { $case: 'data', value: Buffer.from('GET / HTTP/1.0\r\n\r\n') } };
        await new Promise(() => undefined);
      };
      for await (const { output } of service().portForward(requests())) {
        if (output?.$case === 'data') received.push(output.value);
        if (output?.$case === 'closed') break;
      }
      expect(Buffer.concat(received).toString()).toContain('web:1 web');
    });

    it('tells the usage of containers', async () => {
      const { summary } = await service().stats({});
      const { node: self, pods } = JSON.parse(summary.toString()) as StatsSummary;
      expect(self.nodeName).toBe('node-1');
      const web = pods.find(({ podRef }) => podRef.name === 'web');
      expect(web?.containers[0]).toMatchObject({ name: 'main', cpu: { usageCoreNanoSeconds: expect.any(Number) as number }, memory: { workingSetBytes: expect.any(Number) as number } });
    });
  });

  it('pulls with what a program of the node\'s gives for an image, and asks it for no other', async () => {
    const account = { username: 'puller', password: 'pull-s3cret' };
    const registry = await RegistryDouble.start(node.hostAddress, readOciArchive(join(node.folder, 'images/web-2.tar')), account);
    await mkdir(programs());
    const answer = { kind: 'CredentialProviderResponse', apiVersion: 'credentialprovider.kubelet.k8s.io/v1', cacheKeyType: 'Registry', auth: { [`${registry.address}/team`]: account } };
    await writeFile(join(programs(), 'giver'), `#!/bin/sh\ncat >> ${programs()}/requests; echo >> ${programs()}/requests\necho '${JSON.stringify(answer)}'\n`, { mode: 0o755 });
    const config = join(programs(), 'config.yaml');
    await writeFile(config, JSON.stringify({ kind: 'CredentialProviderConfig', apiVersion: 'kubelet.config.k8s.io/v1', providers: [{ name: 'giver', apiVersion: answer.apiVersion, matchImages: [`${registry.address}/team`], defaultCacheDuration: '1h' }] }));
    providers.push(...await readCredentialProviders(config));
    await node.trustRegistry(registry.address);
    for (const team of ['team', 'others']) bench.createPod(aPod({ containers: [aContainer('main', { image: `${registry.address}/${team}/web:v1`, imagePullPolicy: 'Always' })] }, { name: team }));
    await phase('team', 'Running');
    await eventually(() => bench.events.lines.some((line) => line.startsWith(`Failed: Failed to pull image "${registry.address}/others/web:v1": `)), { timeoutMs: 30_000 });
    // A second pod needs no second answer.
    bench.createPod(aPod({ containers: [aContainer('main', { image: `${registry.address}/team/again:v1`, imagePullPolicy: 'Always' })] }, { name: 'again' }));
    await phase('again', 'Running');
    expect([...new Set(registry.asked)].sort()).toEqual(['others/web by nobody', 'team/again by nobody', 'team/again by puller', 'team/web by nobody', 'team/web by puller']);
    expect(readFileSync(join(programs(), 'requests'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([{ kind: 'CredentialProviderRequest', apiVersion: answer.apiVersion, image: `${registry.address}/team/web:v1` }]);
    expect(bench.status('team')?.imageID).toContain('sha256:');
    for (const name of ['team', 'others', 'again']) bench.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 1 });
    await registry.stop();
  });

  it('pulls as many images at once as it may, and the next when one is there', async () => {
    const names = ['one', 'two', 'three'];
    const registry = await RegistryDouble.start(node.hostAddress, readOciArchive(join(node.folder, 'images/web-2.tar')));
    await node.trustRegistry(registry.address);
    registry.hold();
    for (const name of names) bench.createPod(aPod({ containers: [aContainer('main', { image: `${registry.address}/${name}:v1` })] }, { name: `pulls-${name}` }));
    const isAsked = (name: string): boolean => bench.events.lines.includes(`Pulling: Pulling image "${registry.address}/${name}:v1"`);
    await eventually(() => names.every(isAsked) && registry.held.size === 2, { timeoutMs: 30_000 });
    const [first = '', letGo] = [...registry.held][0] ?? [];
    letGo?.();
    await phase(`pulls-${first}`, 'Running');
    await eventually(() => registry.held.size === 2, { timeoutMs: 30_000 });
    registry.letAllGo();
    for (const name of names) await phase(`pulls-${name}`, 'Running');
    expect(registry.mostHeld).toBe(2);
    for (const name of names) bench.api.delete(core.pods, 'default', `pulls-${name}`, { gracePeriodSeconds: 1 });
    await registry.stop();
  });

  it('goes on after its own restart without touching what runs', async () => {
    const before = bench.status('web');
    await bench.restart();
    await eventually(() => bench.kubelet.table.workers.length > 0);
    await eventually(() => bench.kubelet.table.find('default', 'web')?.status.phase === 'Running');
    expect(bench.status('web')).toEqual(before);
    await eventually(() => bench.kubelet.table.find('default', 'all')?.stopped === true);
    expect(bench.status('all')?.state?.terminated?.message).toBe('all is well\n');
  });

  it('ends a deleted pod in time and leaves nothing of it', async () => {
    const uid = bench.pod('web')?.metadata.uid ?? '';
    bench.api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 10 });
    await eventually(() => bench.pod('web') === undefined, { timeoutMs: 20_000 });
    await eventually(() => bench.kubelet.table.get(uid) === undefined);
    expect((await node.runtime.listPodSandboxes({ 'io.kubernetes.pod.uid': uid })).length).toBe(0);
    expect((await run('cat', '/proc/self/mounts')).includes(uid)).toBe(false);
    expect(existsSync(`${node.folder}/kubelet/pods/${uid}`)).toBe(false);
  });

  it('ends pods that vanished while it was away', async () => {
    const uid = bench.pod('live')?.metadata.uid ?? '';
    await bench.stop();
    bench.api.delete(core.pods, 'default', 'live', { gracePeriodSeconds: 0 });
    await bench.restart();
    await eventually(async () => (await node.runtime.listPodSandboxes({ 'io.kubernetes.pod.uid': uid })).length === 0, { timeoutMs: 60_000 });
    expect(bench.crashes).toEqual([]);
  });

  it('ends what runs when the node shuts down, what is critical last, and begins nothing of it anew', async () => {
    await bench.restart({ shutdownGraces: gracesFromPeriods(40_000, 30_000) });
    const ending = 'trap "echo told; sleep 0.5; echo ends; exit 0" TERM; while true; do sleep 0.05; done';
    const create = (name: string, command: string, priority?: number): void => void bench.createPod(aPod({ terminationGracePeriodSeconds: 600, ...(priority === undefined ? {} : { priority }), containers: [container('main', command)] }, { name }));
    create('usual', ending);
    create('deaf', 'trap "" TERM; while true; do sleep 0.05; done');
    create('critical', ending, 2_000_001_000);
    const names = ['usual', 'deaf', 'critical'];
    for (const name of names) await phase(name, 'Running');
    await bench.stop();
    const ready = (): corev1.NodeCondition | undefined => bench.api.find(core.nodes, '', 'node-1')?.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready()).toMatchObject({ status: 'False', reason: 'KubeletNotReady', message: 'node is shutting down' });
    const told = { phase: 'Failed', reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' };
    for (const name of names) expect(bench.pod(name)?.status).toMatchObject(told);
    // Who does not listen has no more time than the share of its priority, whatever it asks for.
    expect(names.map((name) => bench.status(name)?.state?.terminated?.exitCode)).toEqual([0, 137, 0]);
    expect(lines('usual').at(-1)?.text).toBe('ends');
    expect(lines('usual').at(-1)?.atMs).toBeLessThanOrEqual(lines('critical')[0]?.atMs ?? 0);
    expect((await node.runtime.listContainers()).filter(({ state }) => state === runtimev1.ContainerState.CONTAINER_RUNNING)).toEqual([]);
    await bench.restart();
    await eventually(() => ready()?.status === 'True', { timeoutMs: 30_000 });
    bench.createPod(aPod({ containers: [aContainer('main', { image })] }, { name: 'after' }));
    await phase('after', 'Running');
    for (const name of names) expect([bench.pod(name)?.status, bench.status(name)?.restartCount]).toMatchObject([told, 0]);
    expect(bench.crashes).toEqual([]);
  });
});
