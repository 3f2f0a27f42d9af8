import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { core, storage, type corev1, type storagev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { dialPort, SpdyRemoteCommand, WebSocketRemoteCommand, type RemoteCommand } from '@navarch/streaming';
import { eventually } from '@navarch/testing';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { ContainerdEvents } from './runtime/events/containerd-events';
import { CriEvents } from './runtime/events/cri-events';
import { podUidLabel } from './runtime/labels';
import { FakeCsiDriver } from './testing/fake-csi-driver';
import { KubeletBench } from './testing/kubelet-bench';
import { aContainer, aPod } from './testing/pod-bench';
import { PrivateNode, run } from './testing/private-node';
import { ServerBench } from './testing/server-bench';
import { describeWatching, type WatchedRuntime } from './testing/watching-contract';
import { HostMounter } from './volumes/mounter';

const image = 'navarch.local/web:1';

jest.setTimeout(120_000);

describe('what only a kernel shows of a kubelet', () => {
  const node = new PrivateNode();
  const events = new ContainerdEvents(`unix://${node.socket}`);
  let bench: KubeletBench;
  let server: ServerBench;

  beforeAll(async () => {
    await node.start();
    await node.enableNetwork();
    await mkdir(join(node.folder, 'manifests'));
    bench = new KubeletBench({
      clock: systemClock, runtime: node.runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root: node.folder, address: node.address, runtimeEvents: [events],
      // Listed so rarely that only events can tell of an end.
      options: { cgroupRoot: node.cgroupRoot, podManifestPath: join(node.folder, 'manifests'), relistMs: 3_600_000, allowedUnsafeSysctls: ['net.core.somaxconn'] },
    });
    await bench.start();
    server = await ServerBench.open(node.folder, bench.kubelet, node.runtime, systemClock);
  });
  afterAll(async () => {
    await server.server.stop();
    await bench.stop();
    await node.stop();
  });

  const container = (name: string, command: string, more: Partial<corev1.Container> = {}): corev1.Container => aContainer(name, { image, command: ['sh', '-c', command], ...more });
  const create = (name: string, spec: Partial<corev1.PodSpec>): corev1.Pod => bench.createPod(aPod({ restartPolicy: 'Never', terminationGracePeriodSeconds: 2, ...spec }, { name }));
  const log = (name: string, containerName = 'main'): string => {
    const path = `${node.folder}/logs/default_${name}_${bench.pod(name)?.metadata.uid ?? ''}/${containerName}/0.log`;
    return readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map((line) => line.split(' ').slice(3).join(' ')).join('\n');
  };
  const phase = (name: string, ...wanted: string[]): Promise<corev1.Pod> => eventually(() => {
    const pod = bench.pod(name);
    if (!pod || !wanted.includes(pod.status?.phase ?? '')) throw new Error(`${JSON.stringify(pod?.status?.containerStatuses?.[0]?.state)}; events: ${bench.events.lines.slice(-8).join(' | ')}`);
    return pod;
  }, { timeoutMs: 40_000 });
  const gone = async (name: string): Promise<void> => {
    bench.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 1 });
    await eventually(() => bench.pod(name) === undefined, { timeoutMs: 30_000 });
  };

  it('hears of a container\'s end from containerd, and lists nothing to learn of it', async () => {
    const lists = async (): Promise<string | undefined> => /^kubelet_pleg_relist_duration_seconds_count (\d+)$/m.exec(await bench.registry.metrics())?.[1];
    create('short', { volumes: [{ name: 'end', emptyDir: {} }], containers: [container('main', 'echo "no luck"; read line < /end/fifo; exit 7', { terminationMessagePolicy: 'FallbackToLogsOnError', volumeMounts: [{ name: 'end', mountPath: '/end' }] })], initContainers: [container('init', 'mkfifo /end/fifo', { volumeMounts: [{ name: 'end', mountPath: '/end' }] })] });
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
      volumes: [{ name: 'count', emptyDir: {} }], initContainers: [container('init', 'echo x >> /count/init', mount)],
      containers: [
        container('main', 'trap "exit 0" TERM; while true; do sleep 0.1; done'),
        container('watch', 'echo x >> /count/watch; test $(wc -l < /count/watch) = 1 && exit 88; sleep 1000', { ...mount, restartPolicy: 'Never', restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [88] } }] }),
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
      initContainers: [container('one', says('one'), { ...mount, restartPolicy: 'Always' }), container('init', 'echo init >> /order/log', mount), container('two', says('two'), { ...mount, restartPolicy: 'Always' })],
      containers: [container('main', says('main'), mount)],
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
    const pod = create('sized', { restartPolicy: 'Always', containers: [container('main', 'while true; do cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max; sleep 0.1; done', { resources: sized('100m', '32Mi') })] });
    await phase('sized', 'Running');
    bench.api.update(core.pods, 'default', 'sized', '', { ...pod, metadata: { name: 'sized', namespace: 'default' }, spec: { ...pod.spec, containers: [{ ...pod.spec?.containers[0], resources: sized('200m', '64Mi') }] } } as corev1.Pod);
    await eventually(() => log('sized').endsWith(String(64 * 2 ** 20)), { timeoutMs: 20_000 });
    await eventually(() => bench.status('sized')?.resources?.limits?.['memory'] === '64Mi');
    expect(bench.status('sized')).toMatchObject({ restartCount: 0, allocatedResources: { cpu: '200m', memory: '64Mi' } });
    await gone('sized');
  });

  it('takes no memory from a container that is in use, and says so', async () => {
    const limited = (memory: string): corev1.ResourceRequirements => ({ requests: { memory: '8Mi' }, limits: { memory } });
    const pod = create('hoarder', { restartPolicy: 'Always', containers: [container('main', 'x=x; while [ ${#x} -lt 16000000 ]; do x=$x$x; done; echo full; while true; do sleep 1; done', { resources: limited('128Mi') })] });
    await phase('hoarder', 'Running');
    await eventually(() => log('hoarder') === 'full', { timeoutMs: 20_000 });
    const resize = (memory: string): unknown => bench.api.update(core.pods, 'default', 'hoarder', '', { ...pod, metadata: { name: 'hoarder', namespace: 'default' }, spec: { ...pod.spec, containers: [{ ...pod.spec?.containers[0], resources: limited(memory) }] } } as corev1.Pod);
    const inProgress = (): corev1.PodCondition | undefined => bench.pod('hoarder')?.status?.conditions?.find(({ type }) => type === 'PodResizeInProgress');
    resize('10Mi');
    await eventually(() => inProgress()?.reason === 'Error', { timeoutMs: 20_000 });
    expect(inProgress()?.message).toMatch(/^cannot decrease memory limits: \[attempting to set pod memory limit \(10485760\) below current usage \(\d+\), attempting to set container "main" memory limit \(10485760\) below current usage \(\d+\)\]$/);
    resize('96Mi');
    await eventually(() => bench.status('hoarder')?.resources?.limits?.['memory'] === '96Mi', { timeoutMs: 20_000 });
    expect([bench.status('hoarder')?.restartCount, inProgress()]).toEqual([0, undefined]);
    await gone('hoarder');
  });

  it('runs static pods of its directory and mirrors them', async () => {
    await writeFile(join(node.folder, 'manifests', 'static.yaml'), `apiVersion: v1\nkind: Pod\nmetadata: {name: static}\nspec: {containers: [{name: main, image: ${image}, command: [sleep, "1000"]}]}\n`);
    await phase('static-node-1', 'Running');
    await rm(join(node.folder, 'manifests', 'static.yaml'));
    await eventually(() => bench.pod('static-node-1') === undefined, { timeoutMs: 30_000 });
  });

  it('confines containers as their security context says', async () => {
    create('confined', {
      securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '80' }, { name: 'net.core.somaxconn', value: '333' }], seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container('main', [
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
    create('shared', { shareProcessNamespace: true, containers: [container('main', 'cat /proc/1/comm; echo $$')] });
    create('host', { hostNetwork: true, hostPID: true, hostIPC: true, containers: [container('main', 'readlink /proc/self/ns/pid; readlink /proc/self/ns/ipc')] });
    await phase('shared', 'Succeeded');
    await phase('host', 'Succeeded');
    expect(log('shared').split('\n')[1]).not.toBe('1');
    expect(log('host').split('\n')).toEqual((await run('readlink', '/proc/self/ns/pid', '/proc/self/ns/ipc')).trim().split('\n'));
    expect(bench.pod('host')?.status?.podIP).toBe(node.address);
  });

  it('says clearly what this runtime cannot do', async () => {
    create('image-volume', { volumes: [{ name: 'v', image: { reference: image } }], containers: [container('main', 'true', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    await eventually(() => bench.events.lines.some((line) => /FailedMount: .*image volumes need containerd 2\.1 or later/.test(line)));
    create('user-namespace', { hostUsers: false, containers: [container('main', 'true')] });
    await eventually(() => bench.events.lines.some((line) => /FailedCreatePodSandBox: .*user namespaces/.test(line)));
    await gone('image-volume');
    await gone('user-namespace');
  });

  it('mounts volumes of a CSI driver and of local disks, and leaves nothing mounted', async () => {
    const disk = join(node.folder, 'disk');
    await mkdir(disk);
    await writeFile(join(disk, 'file'), 'on disk');
    const driver = new FakeCsiDriver({
      name: 'disk.example', rootDir: `${node.folder}/kubelet`,
      publish: async (_id, target) => {
        await mkdir(target, { recursive: true });
        await run('mount', '--bind', disk, target);
      },
      unpublish: (target) => run('umount', target).then(() => undefined),
    });
    await driver.start();
    bench.api.create(storage.csidrivers, '', { metadata: { name: 'disk.example' }, spec: { attachRequired: false } } as storagev1.CSIDriver);
    for (const [name, spec] of [['remote', { csi: { driver: 'disk.example', volumeHandle: 'h' } }], ['near', { local: { path: disk } }]] as const) {
      bench.api.create(core.persistentvolumes, '', { metadata: { name }, spec } as corev1.PersistentVolume);
      bench.api.create(core.persistentvolumeclaims, 'default', { metadata: { name }, spec: { volumeName: name }, status: { phase: 'Bound' } } as corev1.PersistentVolumeClaim);
    }
    await eventually(() => driver.told.some(({ pluginRegistered }) => pluginRegistered));
    create('disks', {
      volumes: [{ name: 'remote', persistentVolumeClaim: { claimName: 'remote' } }, { name: 'near', persistentVolumeClaim: { claimName: 'near' } }],
      containers: [container('main', 'cat /remote/file /near/file; echo; echo new > /near/new; cat /remote/new; while [ ! -e /near/end ]; do sleep 0.1; done', { volumeMounts: [{ name: 'remote', mountPath: '/remote', readOnly: true }, { name: 'near', mountPath: '/near' }] })],
    });
    await phase('disks', 'Running');
    const { body } = await server.get('/metrics');
    for (const claim of ['remote', 'near']) expect(body).toMatch(new RegExp(`^kubelet_volume_stats_used_bytes\\{namespace="default",persistentvolumeclaim="${claim}"\\} [1-9]`, 'm'));
    await writeFile(join(disk, 'end'), '');
    await phase('disks', 'Succeeded');
    expect(log('disks')).toBe('on diskon disk\nnew');
    await gone('disks');
    expect(driver.calls).toEqual(['stage h', 'publish h', 'unpublish h', 'unstage h']);
    expect((await run('cat', '/proc/self/mounts')).includes('kubernetes.io~')).toBe(false);
    expect(readFileSync(join(disk, 'new'), 'utf8')).toBe('new\n');
    await driver.stop();
  });

  it('hands mounts on as a mount\'s propagation says', async () => {
    const shared = join(node.folder, 'shared');
    await mkdir(join(shared, 'inner'), { recursive: true });
    await run('mount', '--bind', shared, shared);
    await run('mount', '--make-rshared', shared);
    const mounted = (mountPropagation: string): Partial<corev1.PodSpec> => ({
      volumes: [{ name: 'v', hostPath: { path: shared } }],
      containers: [container('main', 'until [ -e /v/inner/there ] || [ -e /v/stop ]; do sleep 0.05; done; ls /v/inner', { volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation }] })],
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

  it('lets a malicious pod reach nothing outside its volumes', async () => {
    const trap = join(node.folder, 'trap');
    await mkdir(trap);
    await symlink('/etc', join(trap, 'out'));
    const volumes = [{ name: 'v', hostPath: { path: trap } }];
    create('link', { volumes, containers: [container('main', 'ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'out' }] })] });
    create('climb', { volumes, containers: [container('main', 'ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '../..' }] })] });
    create('climb-by-variable', { volumes, containers: [container('main', 'ls /v', { env: [{ name: 'UP', value: '..' }], volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(UP)/..' }] })] });
    // What it makes in a volume of its own is no way out either, nor is a device it makes itself.
    create('weave', { volumes: [{ name: 'v', emptyDir: {} }], initContainers: [container('init', 'ln -s /etc /v/out', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })], containers: [container('main', 'ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'out' }] })] });
    create('device', { containers: [container('main', 'ls /dev; mknod /tmp/memory c 1 1 && cat /tmp/memory > /dev/null', { securityContext: { capabilities: { add: ['MKNOD'] } } })] });
    create('flood', { containers: [container('main', 'true', { env: [{ name: 'HUGE', value: 'x'.repeat(4 * 2 ** 20) }] })] });
    for (const name of ['link', 'climb', 'climb-by-variable', 'weave']) {
      await eventually(() => bench.status(name)?.state?.waiting?.reason === 'CreateContainerConfigError', { timeoutMs: 30_000 });
      expect(bench.status(name)?.state?.waiting?.message).toMatch(/not within volume path|must not contain '\.\.'/);
    }
    await eventually(() => bench.status('flood')?.state?.terminated !== undefined || bench.status('flood')?.state?.waiting?.reason === 'RunContainerError', { timeoutMs: 30_000 });
    await phase('device', 'Failed');
    expect(log('device')).toMatch(/Operation not permitted/);
    expect(log('device')).not.toMatch(/^(mem|sd\w|vd\w|nvme\w+|loop\d+)$/m);
    for (const name of ['link', 'climb', 'climb-by-variable', 'weave', 'device', 'flood']) await gone(name);
    expect(await readdir(trap)).toEqual(['out']);
    expect(existsSync('/etc/passwd')).toBe(true);
  });

  it('lets mount paths lead to nothing but the container\'s own root, and goes on whatever stands for a last word', async () => {
    const volumes = [{ name: 'v', emptyDir: {} }];
    const at = (mountPath: string, over: Partial<corev1.Container> = {}): Partial<corev1.PodSpec> => ({ volumes, containers: [container('main', 'true', { volumeMounts: [{ name: 'v', mountPath }], ...over })] });
    const before = readdirSync('/etc').length;
    create('over-proc', at('/proc'));
    create('in-proc', at('/proc/sys'));
    create('over-root', at('/'));
    create('climbing', { volumes, containers: [container('main', 'echo mine > /escaped/file; cat /escaped/file', { volumeMounts: [{ name: 'v', mountPath: '/a/../../../escaped' }] })] });
    create('over-dev', { volumes, containers: [container('main', 'ls /dev', { volumeMounts: [{ name: 'v', mountPath: '/dev' }] })] });
    const said = { terminationMessagePath: '/msg/here' };
    create('pipe', { volumes, initContainers: [container('init', 'mkfifo /v/pipe', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })], containers: [container('main', 'exit 3', { ...said, volumeMounts: [{ name: 'v', mountPath: '/msg/here', subPath: 'pipe' }] })] });
    create('directory', at('/msg/here', { ...said, command: ['sh', '-c', 'exit 4'] }));
    create('weird', { volumes, containers: [container('main', 'cd /v; for i in $(seq 60); do n=$(printf %0200d $i); mkdir $n; cd $n; done; printf x > "$(printf "\\377\\376")"', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    for (const name of ['over-proc', 'in-proc']) await eventually(() => bench.status(name)?.state?.waiting?.reason === 'RunContainerError' || bench.status(name)?.state?.terminated?.reason === 'StartError', { timeoutMs: 60_000 });
    await eventually(() => bench.status('over-root')?.state?.waiting !== undefined || bench.status('over-root')?.state?.terminated !== undefined, { timeoutMs: 60_000 });
    await phase('climbing', 'Succeeded');
    expect([log('climbing'), existsSync('/escaped')]).toEqual(['mine', false]);
    await eventually(() => bench.status('over-dev')?.state?.waiting?.message !== undefined || bench.status('over-dev')?.state?.terminated !== undefined, { timeoutMs: 60_000 });
    await phase('pipe', 'Failed');
    expect(bench.status('pipe')?.state?.terminated).toMatchObject({ exitCode: 3, message: expect.stringContaining('is not a regular file') as string });
    await phase('directory', 'Failed');
    expect(bench.status('directory')?.state?.terminated).toMatchObject({ reason: 'StartError', message: expect.stringContaining('is not a regular file') as string });
    await phase('weird', 'Succeeded');
    for (const name of ['over-proc', 'in-proc', 'over-root', 'climbing', 'over-dev', 'pipe', 'directory', 'weird']) await gone(name);
    expect(readdirSync('/etc')).toHaveLength(before);
  });

  describe('over its HTTPS', () => {
    beforeAll(async () => {
      create('web', { restartPolicy: 'Always', containers: [aContainer('main', { image })] });
      await phase('web', 'Running');
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

  it('goes on when containerd is started anew: nothing is restarted, and new pods run', async () => {
    const before = bench.status('web');
    await node.restartRuntime();
    create('after', { containers: [container('main', 'true')] });
    await phase('after', 'Succeeded');
    expect(bench.status('web')).toEqual(before);
    await gone('web');
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
