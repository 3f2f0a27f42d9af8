import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { core, node as nodeApi, type corev1, type nodev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { eventually } from '@navarch/testing';
import { openCgroupTree, type CgroupTree } from './cgroups/cgroup-tree';
import { podUidLabel } from './runtime/labels';
import { ContainerNode, shell } from './testing/container-node';
import { HealthServer } from './testing/health-server';
import { type KubeletBench } from './testing/kubelet-bench';
import { run } from './testing/private-node';

jest.setTimeout(120_000);

describe('what containers are asked, told and allowed', () => {
  const kubelet = new ContainerNode();
  const { node, create, log, phase, gone } = kubelet;
  /** What hooks asked for; who asks for `/held` waits for its answer. */
  const asked: { readonly path: string; readonly agent: string | undefined; readonly answer: () => void }[] = [];
  const hooks = createServer(({ url = '', headers }, response) => {
    const answer = (): void => void response.end('ok');
    asked.push({ path: url, agent: headers['user-agent'], answer });
    if (!url.includes('held')) answer();
  });
  const health = new HealthServer();
  let bench: KubeletBench;
  let tree: CgroupTree;
  let hooksPort: number;

  beforeAll(async () => {
    tree = await openCgroupTree();
    // What a pod in the host's network serves, this process can: its address is the kubelet's own.
    bench = await kubelet.start({ syncFrequencyMs: 500, hostDns: { servers: ['192.0.2.53'], searches: ['example.org'], options: ['timeout:3'] } }, { address: node.hostAddress });
    hooks.listen(0, node.hostAddress);
    await once(hooks, 'listening');
    hooksPort = (hooks.address() as AddressInfo).port;
    await health.start(node.hostAddress);
  });
  afterAll(async () => {
    hooks.closeAllConnections();
    hooks.close();
    health.stop();
    await kubelet.stop();
  });

  /** Deletes pods; what comes next does not wait for their end. */
  const leave = (...names: readonly string[]): void => names.forEach((name) => bench.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 1 }));
  const hook = (path: string): corev1.LifecycleHandler => ({ httpGet: { host: node.hostAddress, port: hooksPort, path } });
  const request = (path: string): Promise<(typeof asked)[number]> => eventually(() => {
    const found = asked.find((each) => each.path === path);
    if (!found) throw new Error(`not asked for ${path}, but for ${asked.map((each) => each.path).join()}`);
    return found;
  }, { timeoutMs: 40_000 });
  /** Keeps a container's log, which goes with its pod: the moments and texts of its lines. */
  const keepLog = async (name: string): Promise<() => { readonly atMs: number; readonly text: string }[]> => {
    const kept = join(node.folder, `${name}.log`);
    // In the place of one from an earlier try.
    await run('ln', '-f', join(node.folder, `logs/default_${name}_${bench.pod(name)?.metadata.uid ?? ''}/main/0.log`), kept);
    return () => readFileSync(kept, 'utf8').trim().split('\n').map((line) => ({ atMs: Date.parse(line.split(' ')[0] ?? ''), text: line.split(' ').slice(3).join(' ') }));
  };
  const untilTerm = 'trap "echo ends; exit 0" TERM; echo begins; while true; do sleep 0.05; done';

  describe('hooks', () => {
    it('ask an address: a container is started, and ends, when it has answered', async () => {
      create('asking', { terminationGracePeriodSeconds: 60, containers: [shell('main', untilTerm, { lifecycle: { postStart: hook('/held/start'), preStop: hook('/held/stop') } })] });
      const start = await request('/held/start');
      expect(start.agent).toBe('kube-lifecycle/1.36');
      await eventually(() => log('asking') === 'begins');
      expect(bench.pod('asking')?.status?.phase).toBe('Pending');
      start.answer();
      await phase('asking', 'Running');
      const lines = await keepLog('asking');
      bench.api.delete(core.pods, 'default', 'asking', { gracePeriodSeconds: 60 });
      const stop = await request('/held/stop');
      expect(lines().map(({ text }) => text)).toEqual(['begins']);
      stop.answer();
      await eventually(() => bench.pod('asking') === undefined, { timeoutMs: 40_000 });
      expect(lines().map(({ text }) => text)).toEqual(['begins', 'ends']);
    });

    it('ask the pod itself where they name no address, by its port\'s name', async () => {
      // Told to end before it listens, it could not be asked.
      const untilServed = 'trap "exit 0" TERM; mkdir /www; echo up > /www/up; echo bye > /www/bye; httpd -f -vv -p 8080 -h /www & until wget -q -O- http://127.0.0.1:8080/up; do sleep 0.05; done; while true; do sleep 0.05; done';
      create('asked', { terminationGracePeriodSeconds: 20, containers: [shell('main', untilServed, { ports: [{ name: 'web', containerPort: 8080 }], lifecycle: { preStop: { httpGet: { port: 'web', path: '/bye' } } } })] });
      await phase('asked', 'Running');
      await eventually(() => log('asked').includes('up'));
      const lines = await keepLog('asked');
      await gone('asked');
      expect(lines().map(({ text }) => text)).toContainEqual(expect.stringMatching(/url:\/bye$/));
      expect(bench.events.lines).not.toContain('FailedPreStopHook: PreStopHook failed');
    });

    it('sleep, no longer than there is time', async () => {
      const cutShort = async (): Promise<number> => Number(/^kubelet_sleep_action_terminated_early_total (\d+)$/m.exec(await bench.registry.metrics())?.[1] ?? 0);
      const sleeping = (seconds: number): corev1.LifecycleHandler => ({ sleep: { seconds } });
      create('sleeps', { containers: [shell('main', untilTerm, { lifecycle: { preStop: sleeping(1) } })] });
      create('oversleeps', { containers: [shell('main', untilTerm, { lifecycle: { preStop: sleeping(3600) } })] });
      await phase('sleeps', 'Running');
      await phase('oversleeps', 'Running');
      const lines = await keepLog('sleeps');
      const deletedMs = Date.now();
      bench.api.delete(core.pods, 'default', 'sleeps', { gracePeriodSeconds: 60 });
      await eventually(() => bench.pod('sleeps') === undefined, { timeoutMs: 40_000 });
      const [begins, ends] = lines();
      expect([begins?.text, ends?.text]).toEqual(['begins', 'ends']);
      expect((ends?.atMs ?? 0) - deletedMs).toBeGreaterThanOrEqual(1000);
      expect(await cutShort()).toBe(0);
      await gone('oversleeps');
      expect(await cutShort()).toBe(1);
    });

    it('that are a bare connection fail, as upstream\'s do: after the start that ends the container, before the end it hinders nothing', async () => {
      const connection = { tcpSocket: { host: node.hostAddress, port: hooksPort } };
      create('connects', { restartPolicy: 'Always', containers: [shell('main', untilTerm, { lifecycle: { postStart: connection } })] });
      create('connects-last', { containers: [shell('main', untilTerm, { lifecycle: { preStop: connection } })] });
      await eventually(() => bench.events.lines.includes('FailedPostStartHook: PostStartHook failed'), { timeoutMs: 40_000 });
      await eventually(() => bench.status('connects')?.state?.waiting?.message?.includes('Cannot run handler: invalid handler') === true || (bench.status('connects')?.restartCount ?? 0) > 0, { timeoutMs: 40_000 });
      await phase('connects-last', 'Running');
      await gone('connects', 'connects-last');
      expect(bench.events.lines).toContain('FailedPreStopHook: PreStopHook failed');
    });
  });

  describe('probes', () => {
    const inHostNetwork = (name: string, readinessProbe: corev1.Probe): void => void create(name, { hostNetwork: true, containers: [shell('main', 'sleep 1000', { readinessProbe: { periodSeconds: 1, ...readinessProbe } })] });
    const ready = (name: string, is: boolean): Promise<unknown> => eventually(() => bench.status(name)?.state?.running !== undefined && bench.status(name)?.ready === is, { timeoutMs: 40_000 });

    it('ask a health service over gRPC, and believe each of its answers', async () => {
      health.serving = false;
      inHostNetwork('grpc', { grpc: { port: health.port, service: 'app' } });
      await eventually(() => bench.events.lines.includes('Unhealthy: Readiness probe failed: service unhealthy (responded with "NOT_SERVING")'), { timeoutMs: 40_000 });
      await ready('grpc', false);
      health.serving = true;
      await ready('grpc', true);
      health.serving = false;
      await ready('grpc', false);
      expect(new Set(health.asked)).toEqual(new Set(['app']));
      leave('grpc');
    });

    it('take a connection for a sign of readiness', async () => {
      const server = createTcpServer((socket) => socket.destroy());
      server.listen(0, node.hostAddress);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      inHostNetwork('tcp', { tcpSocket: { port }, successThreshold: 2, failureThreshold: 2 });
      await ready('tcp', true);
      server.close();
      await ready('tcp', false);
      expect(bench.events.lines).toContain(`Unhealthy: Readiness probe failed: dial tcp ${node.hostAddress}:${port}: connect: connection refused`);
      leave('tcp');
    });

    it('ask over TLS whoever certified the answer, and whomever', async () => {
      const authority = await CertificateAuthority.create('nobody\'s', systemClock);
      const agents = new Set<string | undefined>();
      const secure = createSecureServer(await authority.issue({ commonName: 'not-this-pod', usages: ['server auth'], hosts: ['elsewhere.example'] }), ({ headers }, response) => {
        agents.add(headers['user-agent']);
        response.end('in secret');
      });
      secure.listen(0, node.hostAddress);
      await once(secure, 'listening');
      inHostNetwork('https', { httpGet: { scheme: 'HTTPS', port: (secure.address() as AddressInfo).port, path: '/' } });
      await ready('https', true);
      expect(agents).toEqual(new Set(['kube-probe/1.36']));
      leave('https');
      secure.closeAllConnections();
      secure.close();
    });

    it('wait for a container to have started up before they judge its life, and restart it when that ends', async () => {
      const { metadata } = create('lives', {
        restartPolicy: 'Always', volumes: [{ name: 'www', emptyDir: {} }],
        containers: [shell('main', 'exec httpd -f -p 8080 -h /www', {
          volumeMounts: [{ name: 'www', mountPath: '/www' }],
          startupProbe: { httpGet: { port: 8080, path: '/started' }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1000 }, livenessProbe: { httpGet: { port: 8080, path: '/alive' }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1 },
        })],
      });
      const www = join(node.folder, 'kubelet/pods', metadata.uid ?? '', 'volumes/kubernetes.io~empty-dir/www');
      await eventually(() => bench.events.lines.includes('Unhealthy: Startup probe failed: HTTP probe failed with statuscode: 404'), { timeoutMs: 40_000 });
      expect(bench.status('lives')).toMatchObject({ started: false, ready: false, restartCount: 0 });
      expect(bench.events.lines.some((line) => line.startsWith('Unhealthy: Liveness'))).toBe(false);
      await writeFile(join(www, 'alive'), '');
      await writeFile(join(www, 'started'), '');
      await eventually(() => bench.status('lives')?.started === true && bench.status('lives')?.ready === true, { timeoutMs: 40_000 });
      await rm(join(www, 'alive'));
      await eventually(() => (bench.status('lives')?.restartCount ?? 0) > 0, { timeoutMs: 40_000 });
      expect(bench.events.lines).toContain('Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 404');
      expect(bench.events.lines).toContain('Killing: Container main failed liveness probe, will be restarted');
      leave('lives');
    });
  });

  describe('security contexts', () => {
    const look = [
      'grep -E "^(CapEff|Seccomp):" /proc/self/status | tr -s "\\t " " "', '[ -c /proc/interrupts ] && echo masked || echo seen', 'grep -c "^[^ ]* /proc/sys " /proc/self/mounts', 'mount -t tmpfs none /tmp 2>/dev/null && echo mounts || echo no mounts', '[ -e /dev/loop-control ] && echo devices || echo no devices',
    ].join('; ');

    it('let a privileged container do all, and show one all of /proc, as they say', async () => {
      create('privileged', { containers: [shell('main', look, { securityContext: { privileged: true } })] });
      create('masked', { containers: [shell('main', look)] });
      create('unmasked', { containers: [shell('main', look, { securityContext: { procMount: 'Unmasked' } })] });
      for (const name of ['privileged', 'masked', 'unmasked']) await phase(name, 'Succeeded');
      const own = /^CapEff:\s*(\w+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1];
      const few = 'CapEff: 00000000a80425fb';
      expect(log('privileged').split('\n')).toEqual([`CapEff: ${own}`, 'Seccomp: 0', 'seen', '0', 'mounts', 'devices']);
      expect(log('masked').split('\n')).toEqual([few, 'Seccomp: 0', 'masked', '1', 'no mounts', 'no devices']);
      expect(log('unmasked').split('\n')).toEqual([few, 'Seccomp: 0', 'seen', '0', 'no mounts', 'no devices']);
      leave('privileged', 'masked', 'unmasked');
    });

    it('filter system calls by a profile of the node\'s, or not at all', async () => {
      const profiles = join(node.folder, 'kubelet/seccomp/profiles');
      await mkdir(profiles, { recursive: true });
      await writeFile(join(profiles, 'no-directories.json'), JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }] }));
      const filtered = (name: string, seccompProfile: corev1.SeccompProfile): corev1.Pod => create(name, { securityContext: { seccompProfile: { type: 'RuntimeDefault' } }, containers: [shell('main', 'grep ^Seccomp: /proc/self/status | tr -s "\\t " " "; mkdir /tmp/x && echo made', { securityContext: { seccompProfile } })] });
      filtered('by-profile', { type: 'Localhost', localhostProfile: 'profiles/no-directories.json' });
      filtered('by-none', { type: 'Unconfined' });
      filtered('by-default', { type: 'RuntimeDefault' });
      filtered('by-missing', { type: 'Localhost', localhostProfile: 'profiles/missing.json' });
      await phase('by-profile', 'Failed');
      await phase('by-none', 'Succeeded');
      await phase('by-default', 'Succeeded');
      // Of two outputs, whose lines come in any order.
      expect(log('by-profile').split('\n').sort()).toEqual(['Seccomp: 2', expect.stringContaining('Operation not permitted')]);
      expect(log('by-none').split('\n')).toEqual(['Seccomp: 0', 'made']);
      expect(log('by-default').split('\n')).toEqual(['Seccomp: 2', 'made']);
      await eventually(() => bench.status('by-missing')?.state?.waiting?.reason === 'CreateContainerError', { timeoutMs: 40_000 });
      expect(bench.status('by-missing')?.state?.waiting?.message).toMatch(/profiles\/missing\.json/);
      leave('by-profile', 'by-none', 'by-default', 'by-missing');
    });
  });

  it('find names where their pod\'s policy says', async () => {
    const resolving = (name: string, spec: Partial<corev1.PodSpec>): corev1.Pod => create(name, { ...spec, containers: [shell('main', 'cat /etc/resolv.conf')] });
    resolving('dns-default', { dnsPolicy: 'Default' });
    resolving('dns-host', { hostNetwork: true });
    resolving('dns-host-cluster', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet', dnsConfig: { searches: ['more.example'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] } });
    resolving('dns-none', { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1', '192.0.2.2'], searches: ['only.example'], options: [{ name: 'attempts', value: '1' }] } });
    const names = ['dns-default', 'dns-host', 'dns-host-cluster', 'dns-none'];
    for (const name of names) await phase(name, 'Succeeded');
    const ofHost = 'search example.org\nnameserver 192.0.2.53\noptions timeout:3';
    expect(names.map((name) => log(name))).toEqual([
      ofHost, ofHost,
      'search default.svc.cluster.local svc.cluster.local cluster.local example.org more.example\nnameserver 10.96.0.10\noptions timeout:3 ndots:2 edns0',
      'search only.example\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions attempts:1',
    ]);
    leave(...names);
  });

  describe('control groups', () => {
    const cpuOf = async (path: string): Promise<number> => Number(await readFile(tree.version === 1 ? `/sys/fs/cgroup/cpu${path}/cpu.shares` : `/sys/fs/cgroup${path}/cpu.weight`, 'utf8'));
    const weight = (shares: number): number => (tree.version === 1 ? shares : Math.floor(1 + ((shares - 2) * 9999) / 262_142));
    const mebibyte = 2 ** 20;
    const limitOf = async (path: string): Promise<number> => (await tree.memory(path)).limitBytes;
    const pods = `${node.cgroupRoot}/kubepods`;

    it('are by quality of service, each with what its pods ask for and may have', async () => {
      const memory = Number(/MemTotal:\s+(\d+)/.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]) * 1024;
      const asksFor = Math.floor(memory / 10);
      const score = (name: string, resources: corev1.ResourceRequirements): string => create(name, { containers: [shell('main', 'cat /proc/self/oom_score_adj; sleep 1000', { resources })] }).metadata.uid ?? '';
      const guaranteed = score('guaranteed', { limits: { cpu: '200m', memory: '64Mi' }, requests: { cpu: '200m', memory: '64Mi' } });
      const burstable = score('burstable', { requests: { cpu: '500m', memory: String(asksFor) } });
      const limited = score('limited', { requests: { cpu: '250m' }, limits: { memory: '32Mi' } });
      const least = score('least', {});
      const names = ['guaranteed', 'burstable', 'limited', 'least'];
      for (const name of names) {
        await phase(name, 'Running');
        await eventually(() => log(name) !== '');
      }
      const groups = [`/pod${guaranteed}`, '/burstable', `/burstable/pod${burstable}`, `/burstable/pod${limited}`, '/besteffort', `/besteffort/pod${least}`];
      expect(await Promise.all(groups.map((group) => cpuOf(pods + group)))).toEqual([204, 768, 512, 256, 2, 2].map(weight));
      expect(await Promise.all([0, 2, 3, 5].map((index) => limitOf(pods + (groups[index] ?? ''))))).toEqual([64 * mebibyte, Infinity, 32 * mebibyte, Infinity]);
      // A container's own group is below that of its pod.
      const id = bench.status('guaranteed')?.containerID?.replace(/^.*:\/\//, '') ?? '';
      expect([await cpuOf(`${pods}/pod${guaranteed}/${id}`), await limitOf(`${pods}/pod${guaranteed}/${id}`)]).toEqual([weight(204), 64 * mebibyte]);
      // None has a lesser one than containerd, which may not be allowed to give it.
      const least997 = Math.max(-997, Number(await readFile('/proc/self/oom_score_adj', 'utf8')));
      expect(names.map((name) => Number(log(name)))).toEqual([least997, 1000 - Math.floor((1000 * asksFor) / memory), 1000 - Math.floor((1000 * 32 * mebibyte) / memory), 1000]);
      await gone(...names);
      await eventually(async () => !(await tree.exists(`${pods}/burstable/pod${burstable}`)));
      await eventually(async () => (await cpuOf(`${pods}/burstable`)) === weight(2));
    });

    it('have room for what a runtime class takes for itself, and its handler runs the pod', async () => {
      bench.api.create(nodeApi.runtimeclasses, '', { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'plain' }, handler: 'runc', overhead: { podFixed: { cpu: '100m', memory: '16Mi' } } } as nodev1.RuntimeClass);
      bench.api.create(nodeApi.runtimeclasses, '', { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'other' }, handler: 'not-there' } as nodev1.RuntimeClass);
      const resources = { limits: { cpu: '100m', memory: '32Mi' } };
      const uid = create('of-class', { runtimeClassName: 'plain', overhead: { cpu: '100m', memory: '16Mi' }, containers: [shell('main', 'sleep 1000', { resources: { ...resources, requests: resources.limits } })] }).metadata.uid ?? '';
      create('of-other-class', { runtimeClassName: 'other', containers: [shell('main', 'true')] });
      await phase('of-class', 'Running');
      const [sandbox] = await node.runtime.listPodSandboxes({ [podUidLabel]: uid });
      expect(sandbox?.runtimeHandler).toBe('runc');
      expect(await run('ctr', '--address', node.socket, '--namespace', 'k8s.io', 'containers', 'info', sandbox?.id ?? '')).toMatch(/"Name": "io\.containerd\.runc\./);
      const id = bench.status('of-class')?.containerID?.replace(/^.*:\/\//, '') ?? '';
      expect([await limitOf(`${pods}/pod${uid}`), await limitOf(`${pods}/pod${uid}/${id}`), await cpuOf(`${pods}/pod${uid}`)]).toEqual([48 * mebibyte, 32 * mebibyte, weight(204)]);
      await eventually(() => bench.events.lines.some((line) => /FailedCreatePodSandBox: .*no runtime for "not-there" is configured/.test(line)), { timeoutMs: 40_000 });
      leave('of-class', 'of-other-class');
    });
  });

  it('see their service account\'s token change before it ends', async () => {
    bench.api.tokenLifeMs = 5_000;
    create('token', {
      volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'somebody', expirationSeconds: 600 } }] } }],
      containers: [shell('main', 'last=; while true; do now=$(cat /token/token); [ "$now" = "$last" ] || echo $now; last=$now; sleep 0.1; done', { volumeMounts: [{ name: 'token', mountPath: '/token' }] })],
    });
    await eventually(() => log('token').split('\n').length >= 2, { timeoutMs: 40_000 });
    // Before a container begins on a busy machine, there may have been others.
    const [first = 0, second] = log('token').split('\n').map((line) => Number(line.slice('token-'.length)));
    expect(second).toBe(first + 1);
    expect(bench.status('token')?.restartCount).toBe(0);
    bench.api.tokenLifeMs = undefined;
    leave('token');
    expect(bench.crashes).toEqual([]);
  });
});
