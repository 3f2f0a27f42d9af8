import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { eventually } from '@navarch/testing';
import { ContainerdEvents } from './runtime/events/containerd-events';
import { CriEvents } from './runtime/events/cri-events';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { podUidLabel } from './runtime/labels';
import { ContainerNode, image, shell } from './testing/container-node';
import { type KubeletBench } from './testing/kubelet-bench';
import { aContainer } from './testing/pod-bench';
import { run } from './testing/private-node';
import { describeWatching, type WatchedRuntime } from './testing/watching-contract';

jest.setTimeout(120_000);

describe('what only a kernel shows of a kubelet', () => {
  const kubelet = new ContainerNode();
  const { node, create, log, phase, gone } = kubelet;
  const events = new ContainerdEvents(`unix://${node.socket}`);
  let bench: KubeletBench;
  /** What the address of static pods answers to who shows its header. */
  let listed: object[] = [];
  const manifests = createServer(({ headers }, response) => response.writeHead(headers['x-node'] === 'node-1' ? 200 : 403).end(JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: listed })));

  beforeAll(async () => {
    await mkdir(join(node.folder, 'manifests'));
    manifests.listen(0, '127.0.0.1');
    await once(manifests, 'listening');
    const { port } = manifests.address() as AddressInfo;
    // Listed so rarely that only events can tell of an end.
    bench = await kubelet.start({
      podManifestPath: join(node.folder, 'manifests'), manifestUrl: `http://127.0.0.1:${port}/pods`, manifestUrlHeaders: { 'x-node': 'node-1' }, httpCheckMs: 500, relistMs: 3_600_000, allowedUnsafeSysctls: ['net.core.somaxconn'],
    }, { runtimeEvents: [events] });
  });
  afterAll(async () => {
    manifests.close();
    await kubelet.stop();
  });

  it('hears of a container\'s end from containerd, and lists nothing to learn of it', async () => {
    const lists = async (): Promise<string | undefined> => /^kubelet_pleg_relist_duration_seconds_count (\d+)$/m.exec(await bench.registry.metrics())?.[1];
    create('short', {
      volumes: [{ name: 'end', emptyDir: {} }],
      containers: [
        shell('main', 'echo "no luck"; read line < /end/fifo; exit 7', {
          terminationMessagePolicy: 'FallbackToLogsOnError',
          volumeMounts: [{ name: 'end', mountPath: '/end' }],
        }),
      ],
      initContainers: [shell('init', 'mkfifo /end/fifo', { volumeMounts: [{ name: 'end', mountPath: '/end' }] })],
    });
    await phase('short', 'Running');
    const before = await lists();
    await writeFile(join(node.folder, 'kubelet/pods', bench.pod('short')?.metadata.uid ?? '', 'volumes/kubernetes.io~empty-dir/end/fifo'), '\n');
    await phase('short', 'Failed');
    expect([before, await lists()]).toEqual([expect.stringMatching(/\d/), before]);
    expect(bench.status('short')?.state?.terminated).toMatchObject({ exitCode: 7, reason: 'Error', message: 'no luck\n' });
  });

  it('takes all containers away and begins anew when one ends so', async () => {
    const mount = { volumeMounts: [{ name: 'count', mountPath: '/count' }] };
    const { metadata } = create('again', {
      volumes: [{ name: 'count', emptyDir: {} }],
      initContainers: [shell('init', 'echo x >> /count/init', mount)],
      containers: [
        shell('main', 'trap "exit 0" TERM; while true; do sleep 0.1; done'),
        shell('watch', 'echo x >> /count/watch; test $(wc -l < /count/watch) = 1 && exit 88; sleep 1000', {
          ...mount,
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [88] } }],
        }),
      ],
    });
    await eventually(() => bench.pod('again')?.status?.containerStatuses?.every(({ restartCount, state }) => restartCount === 1 && state?.running !== undefined) === true, { timeoutMs: 40_000 });
    expect(bench.pod('again')?.status?.initContainerStatuses?.[0]?.restartCount).toBe(1);
    expect((await node.runtime.listPodSandboxes({ [podUidLabel]: metadata.uid ?? '' })).length).toBe(1);
    expect(readFileSync(join(node.folder, 'kubelet/pods', metadata.uid ?? '', 'volumes/kubernetes.io~empty-dir/count/init'), 'utf8')).toBe('x\nx\n');
    await gone('again');
  });

  it('starts sidecars before and ends them after the others, last first', async () => {
    const order = { volumes: [{ name: 'order', emptyDir: {} }] };
    const mount = { volumeMounts: [{ name: 'order', mountPath: '/order' }] };
    const says = (name: string): string => `echo ${name} begins >> /order/log; trap 'echo ${name} ends >> /order/log; exit 0' TERM; while true; do sleep 0.05; done`;
    const uid = create('ordered', {
      ...order, restartPolicy: 'Always', terminationGracePeriodSeconds: 20,
      initContainers: [shell('one', says('one'), { ...mount, restartPolicy: 'Always' }), shell('init', 'echo init >> /order/log', mount), shell('two', says('two'), { ...mount, restartPolicy: 'Always' })],
      containers: [shell('main', says('main'), mount)],
    }).metadata.uid ?? '';
    await phase('ordered', 'Running');
    const path = `${node.folder}/kubelet/pods/${uid}/volumes/kubernetes.io~empty-dir/order/log`;
    await eventually(() => readFileSync(path, 'utf8').includes('main begins'));
    // Its files go with the pod: another link keeps what was written.
    await run('ln', path, join(node.folder, 'order'));
    bench.api.delete(core.pods, 'default', 'ordered', { gracePeriodSeconds: 20 });
    await eventually(() => bench.pod('ordered') === undefined, { timeoutMs: 30_000 });
    expect(readFileSync(join(node.folder, 'order'), 'utf8').trim().split('\n')).toEqual(['one begins', 'init', 'two begins', 'main begins', 'main ends', 'two ends', 'one ends']);
  });

  it('resizes a running container: its group changes and it is not restarted', async () => {
    const sized = (cpu: string, memory: string): corev1.ResourceRequirements => ({ requests: { cpu, memory }, limits: { cpu, memory } });
    const pod = create('sized', {
      restartPolicy: 'Always',
      containers: [
        shell('main', 'while true; do cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max; sleep 0.1; done', {
          resources: sized('100m', '32Mi'),
        }),
      ],
    });
    await phase('sized', 'Running');
    bench.api.update(core.pods, 'default', 'sized', '', { ...pod, metadata: { name: 'sized', namespace: 'default' }, spec: { ...pod.spec, containers: [{ ...pod.spec?.containers[0], resources: sized('200m', '64Mi') }] } } as corev1.Pod);
    await eventually(() => log('sized').endsWith(String(64 * 2 ** 20)), { timeoutMs: 20_000 });
    await eventually(() => bench.status('sized')?.resources?.limits?.['memory'] === '64Mi');
    expect(bench.status('sized')).toMatchObject({ restartCount: 0, allocatedResources: { cpu: '200m', memory: '64Mi' } });
    await gone('sized');
  });

  it('resizes a pod as a whole: its own group changes, and that of the container which has no limit of its own', async () => {
    const whole = (memory: string): corev1.ResourceRequirements => ({ requests: { cpu: '100m', memory: '32Mi' }, limits: { memory } });
    const pod = create('shared', {
      restartPolicy: 'Always',
      resources: whole('64Mi'),
      containers: [
        shell('main', 'while true; do cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max; sleep 0.1; done'),
        shell('other', 'while true; do sleep 1; done', { resources: { limits: { memory: '16Mi' } } }),
      ],
    });
    await phase('shared', 'Running');
    const ownGroup = async (): Promise<number> => (await (await openCgroupTree()).memory(`${node.cgroupRoot}/kubepods/burstable/pod${bench.pod('shared')?.metadata.uid ?? ''}`)).limitBytes;
    const status = (): corev1.PodStatus | undefined => bench.pod('shared')?.status;
    const is = async (mebibytes: number): Promise<void> => {
      await eventually(() => log('shared').endsWith(String(mebibytes * 2 ** 20)), { timeoutMs: 20_000 });
      await eventually(() => status()?.resources?.limits?.['memory'] === `${mebibytes}Mi` && status()?.conditions?.some(({ type }) => type === 'PodResizeInProgress') === false);
      expect(await ownGroup()).toBe(mebibytes * 2 ** 20);
    };
    await is(64);
    const resize = (memory: string): unknown => bench.api.update(core.pods, 'default', 'shared', '', { ...pod, metadata: { name: 'shared', namespace: 'default' }, spec: { ...pod.spec, resources: whole(memory) } } as corev1.Pod);
    resize('128Mi');
    await is(128);
    resize('48Mi');
    await is(48);
    expect([status()?.allocatedResources, status()?.containerStatuses?.map(({ restartCount }) => restartCount)]).toEqual([{ cpu: '100m', memory: '32Mi' }, [0, 0]]);
    await gone('shared');
  });

  it('takes no memory from a container that is in use, and says so', async () => {
    const limited = (memory: string): corev1.ResourceRequirements => ({ requests: { memory: '8Mi' }, limits: { memory } });
    const pod = create('hoarder', { restartPolicy: 'Always', containers: [shell('main', 'x=x; while [ ${#x} -lt 16000000 ]; do x=$x$x; done; echo full; while true; do sleep 1; done', { resources: limited('128Mi') })] });
    await phase('hoarder', 'Running');
    await eventually(() => log('hoarder') === 'full', { timeoutMs: 20_000 });
    const resize = (memory: string): unknown => bench.api.update(core.pods, 'default', 'hoarder', '', { ...pod, metadata: { name: 'hoarder', namespace: 'default' }, spec: { ...pod.spec, containers: [{ ...pod.spec?.containers[0], resources: limited(memory) }] } } as corev1.Pod);
    const inProgress = (): corev1.PodCondition | undefined => bench.pod('hoarder')?.status?.conditions?.find(({ type }) => type === 'PodResizeInProgress');
    resize('10Mi');
    await eventually(() => inProgress()?.reason === 'Error', { timeoutMs: 20_000 });
    expect(inProgress()?.message).toMatch(/^cannot decrease memory limits: \[attempting to set pod memory limit \(10485760\) below current usage \(\d+\), attempting to set container "main" memory limit \(10485760\) below current usage \(\d+\)\]$/);
    resize('96Mi');
    await eventually(() => bench.status('hoarder')?.resources?.limits?.['memory'] === '96Mi' && inProgress() === undefined, { timeoutMs: 20_000 });
    expect(bench.status('hoarder')?.restartCount).toBe(0);
    await gone('hoarder');
  });

  it('runs static pods of its directory and mirrors them', async () => {
    await writeFile(join(node.folder, 'manifests', 'static.yaml'), `apiVersion: v1\nkind: Pod\nmetadata: {name: static}\nspec: {containers: [{name: main, image: ${image}, command: [sleep, "1000"]}]}\n`);
    await phase('static-node-1', 'Running');
    await rm(join(node.folder, 'manifests', 'static.yaml'));
    await eventually(() => bench.pod('static-node-1') === undefined, { timeoutMs: 30_000 });
  });

  it('runs static pods of an address and mirrors them, until they are listed no more', async () => {
    listed = [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'afar' }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image, command: ['sleep', '1000'] }] } }];
    await phase('afar-node-1', 'Running');
    expect(bench.pod('afar-node-1')?.metadata.annotations).toMatchObject({ 'kubernetes.io/config.source': 'http', 'kubernetes.io/config.mirror': expect.stringMatching(/^[0-9a-f]{32}$/) as string });
    listed = [];
    await eventually(() => bench.pod('afar-node-1') === undefined, { timeoutMs: 40_000 });
  });

  it('confines containers as their security context says', async () => {
    create('confined', {
      securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '80' }, { name: 'net.core.somaxconn', value: '333' }], seccompProfile: { type: 'RuntimeDefault' } },
      containers: [shell('main', [
        'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status | tr -s "\\t " " "', 'touch /x 2>/dev/null || echo read-only', 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/core/somaxconn',
        'mknod /scratch/disk b 8 0 2>/dev/null || echo no devices', 'mount -t tmpfs none /scratch 2>/dev/null || echo no mounts',
      ].join('; '), {
        securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }, volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
      })],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    });
    await phase('confined', 'Succeeded');
    expect(log('confined').split('\n')).toEqual(['CapEff: 0000000000000400', 'NoNewPrivs: 1', 'Seccomp: 2', 'read-only', '80', '333', 'no devices', 'no mounts']);
  });

  it('shares the namespaces that a pod asks for', async () => {
    create('shared', { shareProcessNamespace: true, containers: [shell('main', 'cat /proc/1/comm; echo $$')] });
    create('host', { hostNetwork: true, hostPID: true, hostIPC: true, containers: [shell('main', 'readlink /proc/self/ns/pid; readlink /proc/self/ns/ipc')] });
    await phase('shared', 'Succeeded');
    await phase('host', 'Succeeded');
    expect(log('shared').split('\n')[1]).not.toBe('1');
    expect(log('host').split('\n')).toEqual((await run('readlink', '/proc/self/ns/pid', '/proc/self/ns/ipc')).trim().split('\n'));
    expect(bench.pod('host')?.status?.podIP).toBe(node.address);
  });

  it('says clearly what this runtime cannot do', async () => {
    create('image-volume', { volumes: [{ name: 'v', image: { reference: image } }], containers: [shell('main', 'true', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    await eventually(() => bench.events.lines.some((line) => /FailedMount: .*image volumes need containerd 2\.1 or later/.test(line)));
    create('user-namespace', { hostUsers: false, containers: [shell('main', 'true')] });
    await eventually(() => bench.events.lines.some((line) => /FailedCreatePodSandBox: .*user namespaces/.test(line)));
    await gone('image-volume', 'user-namespace');
  });

  it('hands mounts on as a mount\'s propagation says', async () => {
    const shared = join(node.folder, 'shared');
    await mkdir(join(shared, 'inner'), { recursive: true });
    await run('mount', '--bind', shared, shared);
    await run('mount', '--make-rshared', shared);
    const mounted = (mountPropagation: string): Partial<corev1.PodSpec> => ({
      volumes: [{ name: 'v', hostPath: { path: shared } }],
      containers: [shell('main', 'until [ -e /v/inner/there ] || [ -e /v/stop ]; do sleep 0.05; done; ls /v/inner', { volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation }] })],
    });
    create('follows', mounted('HostToContainer'));
    create('apart', mounted('None'));
    await phase('follows', 'Running');
    await phase('apart', 'Running');
    await run('mount', '-t', 'tmpfs', 'none', join(shared, 'inner'));
    await writeFile(join(shared, 'inner', 'there'), '');
    await phase('follows', 'Succeeded');
    expect(log('follows')).toBe('there');
    await writeFile(join(shared, 'stop'), '');
    await phase('apart', 'Succeeded');
    expect(log('apart')).toBe('');
    await run('umount', join(shared, 'inner'));
    await run('umount', shared);
  });

  it('goes on when containerd is started anew, or killed, or its network taken away: nothing is restarted, and new pods run', async () => {
    const ready = (): corev1.NodeCondition | undefined => bench.api.find(core.nodes, '', 'node-1')?.status?.conditions?.find(({ type }) => type === 'Ready');
    const notReady = (why: string): Promise<unknown> => eventually(() => ready()?.status === 'False' && ready()?.reason === 'KubeletNotReady' && ready()?.message?.includes(why) === true, { timeoutMs: 30_000 });
    create('web', { restartPolicy: 'Always', containers: [aContainer('main', { image })] });
    await phase('web', 'Running');
    const before = bench.status('web');
    await node.stopRuntime();
    await node.startRuntime();
    create('after', { containers: [shell('main', 'true')] });
    await phase('after', 'Succeeded');

    await node.stopRuntime('SIGKILL');
    await notReady('container runtime is down');
    await node.disableNetwork();
    await node.startRuntime();
    const why = 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';
    await notReady(why);
    create('waits', { containers: [shell('main', 'true')] });
    await eventually(() => bench.events.lines.some((line) => line.includes(`NetworkNotReady: network is not ready: ${why}`)), { timeoutMs: 30_000 });
    expect(await node.runtime.listPodSandboxes({ [podUidLabel]: bench.pod('waits')?.metadata.uid ?? '' })).toEqual([]);
    await node.enableNetwork();
    await eventually(() => ready()?.status === 'True', { timeoutMs: 30_000 });
    await phase('waits', 'Succeeded');

    // Also from under a runtime that goes on.
    await node.disableNetwork();
    await notReady(why);
    await expect((await fetch(`http://${bench.pod('web')?.status?.podIP ?? ''}/`)).text()).resolves.toContain('web');
    expect(bench.status('web')).toEqual(before);
    await node.enableNetwork();
    await eventually(() => ready()?.status === 'True', { timeoutMs: 30_000 });
    await gone('web', 'after', 'waits');
  });

  const watched: WatchedRuntime & { readonly sandboxes: Map<string, string> } = {
    runtime: node.runtime,
    sandboxes: new Map(),
    async startPod(uid) {
      const labels = { [podUidLabel]: uid };
      const config = runtimev1.PodSandboxConfig.fromPartial({
        metadata: { name: uid.replaceAll(' ', '-'), uid, namespace: 'watching' }, labels, logDirectory: join(node.folder, 'watching'), linux: { cgroupParent: node.cgroupRoot, securityContext: { namespaceOptions: { network: runtimev1.NamespaceMode.NODE } } },
      });
      const sandbox = await node.runtime.runPodSandbox(config, '');
      this.sandboxes.set(uid, sandbox);
      const id = await node.runtime.createContainer(sandbox, runtimev1.ContainerConfig.fromPartial({ metadata: { name: 'main' }, image: { image }, command: ['sleep', '1000'], labels, logPath: `${sandbox}.log` }), config);
      await node.runtime.startContainer(id);
      return id;
    },
    end: (id) => node.runtime.stopContainer(id, 0),
    exec: (id) => node.runtime.execSync(id, ['true'], 5).then(() => undefined),
    async removePod(uid) {
      const sandbox = this.sandboxes.get(uid) ?? '';
      await node.runtime.stopPodSandbox(sandbox);
      await node.runtime.removePodSandbox(sandbox);
    },
  };
  describeWatching('containerd\'s own events', () => Promise.resolve({ runtime: watched, clock: systemClock, sources: [new CriEvents(node.runtime), events], relistMs: 3_600_000 }));
  describeWatching('lists of containerd', () => Promise.resolve({ runtime: watched, clock: systemClock, sources: [], relistMs: 200 }));
});
