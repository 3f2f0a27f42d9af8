import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { aContainer, aPod, PodBench } from '../testing/pod-bench';

describe('PodWorker', () => {
  let bench: PodBench;

  beforeEach(async () => {
    bench = await PodBench.open();
    bench.runtime.addImage('app:1');
  });
  afterEach(() => bench.close());

  it('brings a pod up without waiting for anything but the runtime', async () => {
    const bound: corev1.PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: '2025-12-31T23:59:59Z' };
    bench.worker({ ...aPod({}, { generation: 3 }), status: { phase: 'Pending', conditions: [bound] } });
    await bench.running('main');
    expect(bench.clock.pendingTimers).toBe(0);
    expect(bench.statuses[0]).toMatchObject({ phase: 'Pending', containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ContainerCreating' } } }] });
    expect(bench.status).toMatchObject({ phase: 'Running', hostIP: '192.0.2.1', podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }], qosClass: 'BestEffort' });
    expect(bench.status.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'PodReadyToStartContainers=True', 'Initialized=True', 'Ready=True', 'ContainersReady=True', 'PodScheduled=True',
    ]);
    expect(bench.condition('PodScheduled')).toEqual({ ...bound, observedGeneration: 3 });
    expect(bench.container('main')).toMatchObject({ ready: true, started: true, restartCount: 0, containerID: 'fake://container-2', image: 'app:1' });
    expect(bench.events.lines).toEqual([
      'Pulled: Container image "app:1" already present on machine and can be accessed by the pod', 'Created: Container created', 'Started: Container started',
    ]);
  });

  it('says which mounts are read-only all the way down, and by which signal a container ends', async () => {
    bench.recursiveReadOnlyMounts.add('');
    const mount = (name: string, more: Partial<corev1.VolumeMount> = {}): corev1.VolumeMount => ({ name, mountPath: `/${name}`, readOnly: true, ...more });
    bench.worker(aPod({
      volumes: ['a', 'b', 'c'].map((name) => ({ name, emptyDir: {} })),
      containers: [aContainer('main', { lifecycle: { stopSignal: 'SIGUSR1' }, volumeMounts: [mount('a', { recursiveReadOnly: 'IfPossible' }), mount('b'), mount('c', { readOnly: false })] })],
    }));
    await bench.running('main');
    expect(bench.runtime.newest('main').config.mounts.slice(0, 2).map(({ recursiveReadOnly }) => recursiveReadOnly)).toEqual([true, false]);
    expect(bench.container('main')).toMatchObject({
      stopSignal: 'SIGUSR1',
      volumeMounts: [{ name: 'a', mountPath: '/a', readOnly: true, recursiveReadOnly: 'Enabled' }, { name: 'b', mountPath: '/b', readOnly: true, recursiveReadOnly: 'Disabled' }, { name: 'c', mountPath: '/c' }],
    });
  });

  it('begins no container whose mount must be read-only all the way down where the runtime has no such thing', async () => {
    bench.worker(aPod({ volumes: [{ name: 'a', emptyDir: {} }], containers: [aContainer('main', { volumeMounts: [{ name: 'a', mountPath: '/a', readOnly: true, recursiveReadOnly: 'Enabled' }] })] }));
    await bench.until('refused', () => bench.container('main')?.state?.waiting?.reason === 'CreateContainerConfigError');
    expect(bench.container('main')).toMatchObject({
      state: { waiting: { message: 'volume "a" requested recursive read-only mode, but it is not supported by the runtime' } }, volumeMounts: [{ recursiveReadOnly: 'Disabled' }],
    });
  });

  it('restarts a container that ends at once the first time, and after 10 s and 20 s the next times', async () => {
    const worker = bench.worker(aPod());
    await bench.running('main');
    await bench.exit(worker, 'main', 1);
    await bench.until('restarted', () => bench.container('main')?.restartCount === 1);
    expect(bench.container('main')?.lastState?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });

    await bench.exit(worker, 'main', 1);
    expect(bench.container('main')).toMatchObject({
      restartCount: 1, ready: false,
      state: { waiting: { reason: 'CrashLoopBackOff', message: `back-off 10s restarting failed container=main pod=web_default(${worker.pod.metadata.uid})` } },
      lastState: { terminated: { exitCode: 1 } },
    });
    expect(bench.events.lines).toContain(`BackOff: Back-off restarting failed container main in pod web_default(${worker.pod.metadata.uid})`);
    expect(bench.status.phase).toBe('Running');
    await bench.clock.advance(9_999);
    await bench.settle();
    expect(bench.runtime.newest('main').config.metadata?.attempt).toBe(1);
    await bench.clock.advance(1);
    await bench.until('restarted', () => bench.container('main')?.restartCount === 2);

    await bench.exit(worker, 'main', 1);
    expect(bench.container('main')?.state?.waiting?.message).toContain('back-off 20s');
  });

  it.each([
    { policy: 'Never', code: 0, phase: 'Succeeded', reason: 'Completed' },
    { policy: 'Never', code: 3, phase: 'Failed', reason: 'Error' },
    { policy: 'OnFailure', code: 0, phase: 'Succeeded', reason: 'Completed' },
  ])('ends a pod with policy $policy whose container exits with $code as $phase', async ({ policy, code, phase, reason }) => {
    const worker = bench.worker(aPod({ restartPolicy: policy }));
    await bench.running('main');
    await bench.exit(worker, 'main', code);
    await bench.until('cleaned up', () => worker.stopped);
    expect(bench.status.phase).toBe(phase);
    expect(bench.container('main')).toMatchObject({ ready: false, state: { terminated: { exitCode: code, reason } } });
    expect(bench.condition('Ready')).toMatchObject({ status: 'False', reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted' });
    expect(bench.runtime.calls).toContain('stopPodSandbox sandbox-1');
    // Its containers stay, so that their logs can be read.
    expect(bench.runtime.has('main')).toBe(true);
    expect(bench.deleted).toEqual([]);
  });

  it('ends what somebody else has declared ended, and leaves it so', async () => {
    const worker = bench.worker(aPod());
    await bench.running('main');
    worker.update({ ...worker.pod, status: { ...bench.status, phase: 'Failed', reason: 'Declared', message: 'by hand' } });
    await bench.until('cleaned up', () => worker.stopped);
    expect(bench.status).toMatchObject({ phase: 'Failed', reason: 'Declared', message: 'by hand', containerStatuses: [{ ready: false, restartCount: 0, state: { terminated: { } } }] });
    expect(bench.statuses.map(({ phase }) => phase).lastIndexOf('Running')).toBeLessThan(bench.statuses.findIndex(({ phase }) => phase === 'Failed'));
    expect(bench.deleted).toEqual([]);
  });

  it('restarts on failure only what failed', async () => {
    const worker = bench.worker(aPod({ restartPolicy: 'OnFailure', containers: [aContainer('good'), aContainer('bad')] }));
    await bench.running('good');
    await bench.running('bad');
    await bench.exit(worker, 'good', 0);
    await bench.exit(worker, 'bad', 1);
    await bench.until('restarted', () => bench.container('bad')?.restartCount === 1);
    expect(bench.container('good')).toMatchObject({ restartCount: 0, state: { terminated: { reason: 'Completed' } } });
  });

  it('makes a new sandbox when the old one dies, and starts everything in it', async () => {
    const worker = bench.worker(aPod());
    await bench.running('main');
    await bench.runtime.stopPodSandbox('sandbox-1');
    worker.refresh();
    await bench.until('running in a new sandbox', () => bench.container('main')?.restartCount === 1 && bench.container('main')?.state?.running !== undefined);
    expect(bench.runtime.sandboxConfigs.map(({ metadata }) => metadata?.attempt)).toEqual([0, 1]);
    expect(bench.status.podIP).not.toBe('10.0.0.2');
    // A dead sandbox holds its address until it is stopped.
    expect(bench.runtime.calls.filter((call) => call === 'stopPodSandbox sandbox-1')).toHaveLength(2);
    expect(bench.events.lines).toContain('SandboxChanged: Pod sandbox changed, it will be killed and re-created.');
  });

  it('says why an image is not there, and tries again with growing patience', async () => {
    const pod = aPod({ containers: [aContainer('main', { image: 'missing:1' })] });
    bench.worker(pod);
    await bench.until('failed', () => bench.container('main')?.state?.waiting?.reason === 'ErrImagePull');
    expect(bench.container('main')?.state?.waiting?.message).toContain('failed to pull and unpack image "missing:1": not found');
    await bench.clock.advance(2_000);
    await bench.until('backing off', () => bench.container('main')?.state?.waiting?.reason === 'ImagePullBackOff');
    expect(bench.container('main')?.state?.waiting?.message).toMatch(/^Back-off pulling image "missing:1": ErrImagePull: /);
    expect(bench.events.lines).toEqual(expect.arrayContaining(['Pulling: Pulling image "missing:1"', 'Failed: Error: ErrImagePull', 'BackOff: Back-off pulling image "missing:1"', 'Failed: Error: ImagePullBackOff']));
    bench.runtime.registry.add('missing:1');
    await bench.clock.advance(8_000);
    await bench.running('main');
    expect(bench.runtime.calls.filter((call) => call === 'pullImage missing:1')).toHaveLength(2);
  });

  it('waits for a missing ConfigMap of a variable and says so', async () => {
    bench.worker(aPod({ containers: [aContainer('main', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }] })] }));
    await bench.until('failed', () => bench.container('main')?.state?.waiting?.reason === 'CreateContainerConfigError');
    expect(bench.container('main')?.state?.waiting?.message).toBe('configmap "settings" not found');
    expect(bench.events.lines).toContain('Failed: Error: configmap "settings" not found');
    bench.configMaps.set('settings', { metadata: { name: 'settings' }, data: { a: '1' } });
    await bench.clock.advance(10_000);
    await bench.running('main');
    expect(environment(bench, 'main')).toContain('A=1');
  });

  it('holds containers back until their volumes are there', async () => {
    bench.worker(aPod({ volumes: [{ name: 'settings', configMap: { name: 'settings' } }], containers: [aContainer('main', { volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }] })] }));
    await bench.until('said so', () => bench.events.lines.includes('FailedMount: MountVolume.SetUp failed for volume "settings" : configmap "settings" not found'));
    await bench.settle();
    expect(bench.runtime.has('main')).toBe(false);
    bench.configMaps.set('settings', { metadata: { name: 'settings' }, data: { a: '1' } });
    await bench.clock.advance(1_000);
    await bench.running('main');
    expect(bench.runtime.newest('main').config.mounts.map(({ containerPath, readonly }) => [containerPath, readonly])).toEqual([['/etc/settings', true], ['/etc/hosts', false], ['/dev/termination-log', false]]);
  });

  it('restarts a container that fails its liveness probe', async () => {
    let alive = true;
    bench.probe = () => ({ result: alive ? 'success' : 'failure', output: 'HTTP probe failed with statuscode: 500' });
    bench.worker(aPod({ containers: [aContainer('main', { livenessProbe: { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 2 } })] }));
    await bench.running('main');
    alive = false;
    await bench.clock.advance(1000);
    await bench.clock.advance(1000);
    await bench.until('restarted', () => bench.container('main')?.restartCount === 1);
    expect(bench.events.lines).toEqual(expect.arrayContaining([
      'Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 500', 'Killing: Container main failed liveness probe, will be restarted',
    ]));
  });

  it('is ready only while its readiness probe says so', async () => {
    let ready = false;
    bench.probe = () => ({ result: ready ? 'success' : 'failure', output: 'no' });
    bench.worker(aPod({ containers: [aContainer('main', { readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1, failureThreshold: 1 } })] }));
    await bench.running('main');
    await bench.settle();
    expect(bench.condition('Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [main]' });
    ready = true;
    await bench.clock.advance(1000);
    await bench.until('ready', () => bench.condition('Ready')?.status === 'True');
    ready = false;
    await bench.clock.advance(1000);
    await bench.until('not ready', () => bench.condition('Ready')?.status === 'False');
    expect(bench.container('main')?.restartCount).toBe(0);
  });

  it('starts an ephemeral container while the pod is still at its initialisation', async () => {
    const pod = aPod({ initContainers: [aContainer('init')] });
    const worker = bench.worker(pod);
    await bench.running('init');
    worker.update({ ...pod, spec: { ...(pod.spec as corev1.PodSpec), ephemeralContainers: [aContainer('debugger')] } });
    await bench.until('debugger runs', () => bench.status.ephemeralContainerStatuses?.[0]?.state?.running !== undefined);
    expect(bench.runtime.has('main')).toBe(false);
  });

  it.each([['Never', false], ['OnFailure', true]])('ends a container that fails its probe with restart policy %s, whatever it ends with then: restarted %s', async (restartPolicy, restarted) => {
    bench.probe = () => ({ result: 'failure', output: 'no' });
    bench.worker(aPod({ restartPolicy, containers: [aContainer('main', { livenessProbe: { exec: { command: ['ask'] }, initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1 } })] }));
    await bench.running('main');
    await bench.clock.advance(1000);
    await bench.until('ended', () => (restarted ? bench.container('main')?.restartCount === 1 : bench.status.phase === 'Succeeded'));
    expect(bench.events.lines).toContain(`Killing: Container main failed liveness probe${restarted ? ', will be restarted' : ''}`);
  });

  it.each(['Always', 'OnFailure', 'Never'])('restarts a container whose image is changed, also with restart policy %s', async (restartPolicy) => {
    bench.runtime.addImage('app:2');
    const pod = aPod({ restartPolicy });
    const worker = bench.worker(pod);
    await bench.running('main');
    const shown = bench.statuses.length;
    worker.update({ ...pod, spec: { ...(pod.spec as corev1.PodSpec), containers: [aContainer('main', { image: 'app:2' })] } });
    await bench.until('runs the new image', () => bench.runtime.newest('main').config.image?.userSpecifiedImage === 'app:2' && bench.container('main')?.restartCount === 1);
    expect(bench.events.lines).toContain('Killing: Container main definition changed, will be restarted');
    expect(new Set(bench.statuses.map(({ phase }) => phase))).toEqual(new Set(['Pending', 'Running']));
    // What is between the two is not shown.
    expect(new Set(bench.statuses.slice(shown).map(({ containerStatuses }) => `${String(containerStatuses?.[0]?.ready)} ${Object.keys(containerStatuses?.[0]?.state ?? {}).join(',')}`))).toEqual(new Set(['true running']));
    // The next end is its own.
    await bench.exit(worker, 'main', 0);
    if (restartPolicy !== 'Always') await bench.until('it is over', () => bench.status.phase === 'Succeeded');
  });

  it('waits for the network, and goes on as soon as it is there', async () => {
    bench.networkError = 'container runtime network not ready: NetworkReady=false';
    const worker = bench.worker(aPod());
    await bench.until('said so', () => bench.events.lines.includes('NetworkNotReady: network is not ready: container runtime network not ready: NetworkReady=false'));
    bench.networkError = undefined;
    worker.retryNow();
    await bench.running('main');
  });

  it('keeps one dead container of each name, with its log, and links to all logs that there are', async () => {
    const pod = aPod();
    const logs = join(bench.root, 'logs', `default_web_${pod.metadata.uid ?? ''}`, 'main');
    bench.runtime.behave['startContainer'] = async () => {
      await mkdir(logs, { recursive: true });
      const { status } = bench.runtime.newest('main');
      await writeFile(status.logPath, `I am ${status.id}`);
      await writeFile(`${status.logPath}.20260101-000000.gz`, '');
    };
    const worker = bench.worker(pod);
    await bench.running('main');
    await bench.exit(worker, 'main', 1);
    await bench.until('restarted', () => bench.container('main')?.restartCount === 1);
    await bench.exit(worker, 'main', 1);
    await bench.clock.advance(10_000);
    await bench.until('restarted', () => bench.container('main')?.restartCount === 2);
    worker.collectGarbage();
    await bench.until('collected', () => bench.runtime.containers.size === 2);
    await bench.settle();
    expect(bench.container('main')?.lastState?.terminated?.exitCode).toBe(1);
    expect((await readdir(logs)).sort()).toEqual(['1.log', '1.log.20260101-000000.gz', '2.log', '2.log.20260101-000000.gz']);
    const left = [...bench.runtime.containers.keys()];
    expect((await readdir(join(bench.root, 'container-logs'))).sort()).toEqual(left.map((id) => `web_default_main-${id}.log`).sort());
    for (const id of left) expect(await readFile(join(bench.root, 'container-logs', `web_default_main-${id}.log`), 'utf8')).toBe(`I am ${id}`);
  });

  it('gives a pod users of its own where the runtime can, and says so where it cannot', async () => {
    bench.worker(aPod({ hostUsers: false }));
    await bench.until('said so', () => bench.events.lines.includes("FailedCreatePodSandBox: Failed to create pod sandbox: can't set `spec.hostUsers: false`, runtime does not support user namespaces"));
    expect(await bench.metric('kubelet_started_user_namespaced_pods_errors_total')).toBeGreaterThan(0);
    bench.userNamespaces.add('');
    await bench.clock.advance(1_000);
    await bench.running('main');
    const users = { mode: 0, uids: [{ hostId: 65_536, containerId: 0, length: 65_536 }], gids: [{ hostId: 65_536, containerId: 0, length: 65_536 }] };
    expect(bench.runtime.sandboxConfigs[0]?.linux?.securityContext?.namespaceOptions?.usernsOptions).toEqual(users);
    expect(bench.runtime.newest('main').config.linux?.securityContext?.namespaceOptions?.usernsOptions).toEqual(users);
    expect(bench.runtime.newest('main').config.mounts.every(({ uidMappings }) => uidMappings[0]?.hostId === 65_536)).toBe(true);
  });
});

function environment(bench: PodBench, name: string): string[] {
  return bench.runtime.newest(name).config.envs.map(({ key, value }) => `${key}=${value.toString()}`);
}
