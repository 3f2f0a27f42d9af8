import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coordination, core, type corev1, defaultsFor } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { CgroupV1 } from './cgroups/cgroup-tree';
import { FakeRuntime } from './testing/fake-runtime';
import { KubeletBench } from './testing/kubelet-bench';
import { aPod, aContainer } from './testing/pod-bench';
import { NoMounter } from './volumes/mounter';

describe('Kubelet', () => {
  let root: string;
  let clock: FakeClock;
  let runtime: FakeRuntime;
  let bench: KubeletBench;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'kubelet-'));
    clock = new FakeClock();
    runtime = new FakeRuntime(clock);
    runtime.addImage('app:1');
    bench = new KubeletBench({ clock, runtime, mounter: new NoMounter(), root });
  });
  afterEach(async () => {
    await bench.stop();
    await rm(root, { recursive: true, force: true });
    expect(bench.crashes).toEqual([]);
  });

  const until = async (what: string, holds: () => boolean): Promise<void> => {
    for (const end = performance.now() + 30_000; performance.now() < end;) {
      if (holds()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never came true: ${what}; events: ${bench.events.lines.join(' | ')}`);
  };
  const node = (): corev1.Node | undefined => bench.api.find(core.nodes, '', 'node-1');
  const ready = (): corev1.NodeCondition | undefined => node()?.status?.conditions?.find(({ type }) => type === 'Ready');
  const running = (name: string): Promise<void> => until(`${name} runs`, () => bench.pod(name)?.status?.phase === 'Running');
  const started = async (): Promise<void> => {
    await bench.start();
    await until('the kubelet is ready', () => {
      try {
        bench.kubelet.checkReady();
        return true;
      } catch {
        return false;
      }
    });
  };

  it('does not begin with version 1 of control groups where it is told not to, nor counts what pods write', async () => {
    const refusing = new KubeletBench({ clock, runtime, mounter: new NoMounter(), root, cgroups: new CgroupV1(root), options: { failCgroupV1: true } });
    await refusing.start();
    await until('it gives up', () => refusing.crashes.length > 0);
    expect(refusing.crashes.map(String)).toEqual([expect.stringContaining('kubelet is configured to not run on a host using cgroup v1. ')]);
    await refusing.stop();
    const uncounting = new KubeletBench({ clock, runtime, mounter: new NoMounter(), root, options: { isolatesLocalStorage: false, podsPerCore: 1 } });
    await uncounting.start();
    await until('its node is there', () => uncounting.api.find(core.nodes, '', 'node-1') !== undefined);
    const { capacity = {} } = uncounting.api.find(core.nodes, '', 'node-1')?.status ?? {};
    expect([capacity['ephemeral-storage'], capacity['pods']]).toEqual([undefined, capacity['cpu']]);
    await uncounting.stop();
  });

  it('registers its node with what it is and where its service answers', async () => {
    await started();
    await until('ready', () => ready()?.status === 'True');
    expect(node()).toMatchObject({
      metadata: { labels: { 'kubernetes.io/hostname': 'node-1', 'kubernetes.io/os': 'linux' }, annotations: { 'navarch.io/node-service': '192.0.2.1:10250' } },
      status: {
        addresses: [
          { type: 'InternalIP', address: '192.0.2.1' },
          { type: 'Hostname', address: 'node-1' },
        ],
        capacity: { pods: '110' },
        nodeInfo: { kubeletVersion: 'v1.36.0+navarch.0.1.0', containerRuntimeVersion: 'fake://1.0', operatingSystem: 'linux' },
        runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
        features: { supplementalGroupsPolicy: true },
        declaredFeatures: [
          'GuaranteedQoSPodCPUResize',
          'InPlacePodLevelResourcesVerticalScaling',
          'InPlacePodVerticalScalingInitContainers',
          'RestartAllContainersOnContainerExits',
        ],
      },
    });
    expect(node()?.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`)).toEqual([
      'MemoryPressure=False KubeletHasSufficientMemory', 'DiskPressure=False KubeletHasNoDiskPressure', 'PIDPressure=False KubeletHasSufficientPID', 'Ready=True KubeletReady',
    ]);
  });

  it('reports of its node and its pods all that the API would fill in, so that nothing differs for ever', async () => {
    await started();
    bench.createPod(aPod());
    await running('web');
    await until('ready', () => ready()?.status === 'True');
    for (const [kind, reported] of [['Pod', bench.pod('web')], ['Node', node()]] as const) {
      const stored = structuredClone(reported)!;
      defaultsFor('', 'v1', kind)?.(stored);
      expect(reported?.status).toMatchObject(stored.status ?? {});
    }
    expect(bench.pod('web')?.status?.containerStatuses).toMatchObject([{ lastState: {} }]);
  });

  it('keeps what others put on a node that was here before', async () => {
    const before: corev1.Node = {
      metadata: { name: 'node-1', labels: { zone: 'a' } },
      spec: { podCIDR: '10.244.1.0/24', unschedulable: true },
      status: { conditions: [{ type: 'NetworkUnavailable', status: 'False' }], nodeInfo: { bootID: 'another' } as corev1.NodeSystemInfo },
    };
    bench.api.create(core.nodes, '', before);
    await started();
    await until('ready', () => ready()?.status === 'True');
    expect(node()).toMatchObject({ metadata: { labels: { 'zone': 'a', 'kubernetes.io/os': 'linux' } }, spec: { podCIDR: '10.244.1.0/24', unschedulable: true } });
    expect(node()?.status?.conditions?.some(({ type }) => type === 'NetworkUnavailable')).toBe(true);
    // What has become of it is in its events: the machine was started anew, and it takes no pods until it does again.
    const { bootID = '' } = node()?.status?.nodeInfo ?? {};
    bench.api.patch(core.nodes, '', 'node-1', '', { spec: { unschedulable: null } });
    await clock.advance(10_000);
    await until('said', () => bench.events.lines.includes('NodeSchedulable: Node node-1 status is now: NodeSchedulable'));
    const said = bench.events.lines.filter((line) => line.startsWith('NodeNotSchedulable') || line.startsWith('Rebooted'));
    expect(said.sort()).toEqual(['NodeNotSchedulable: Node node-1 status is now: NodeNotSchedulable', `Rebooted: Node node-1 has been rebooted, boot id: ${bootID}`]);
  });

  it('says why it is not ready, and is as soon as it can be', async () => {
    runtime.networkReady = false;
    await started();
    await until('not ready', () => ready()?.status === 'False');
    expect(ready()).toMatchObject({ reason: 'KubeletNotReady', message: 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized' });
    runtime.networkReady = true;
    await clock.advance(250);
    await until('ready', () => ready()?.status === 'True');
    expect(bench.events.lines).toContain('NodeReady: Node node-1 status is now: NodeReady');
  });

  it('writes an unchanged status every five minutes and renews its lease every ten seconds', async () => {
    await started();
    await until('ready', () => ready()?.status === 'True');
    const lease = (): string | undefined => bench.api.find(coordination.leases, 'kube-node-lease', 'node-1')?.spec?.renewTime;
    await until('lease', () => lease() !== undefined);
    const [heartbeat, renewal] = [ready()?.lastHeartbeatTime, lease()];
    for (let second = 0; second < 20; second++) await clock.advance(1000);
    expect(ready()?.lastHeartbeatTime).toBe(heartbeat);
    await until('renewed', () => lease() !== renewal);
    for (let minute = 0; minute < 5; minute++) await clock.advance(60_000);
    await until('reported', () => ready()?.lastHeartbeatTime !== heartbeat);
  });

  it('says in an event that it cannot clear dead containers away while the runtime does not answer', async () => {
    await started();
    await until('ready', () => ready()?.status === 'True');
    runtime.version = () => Promise.reject(new Error('connection refused'));
    await clock.advance(60_000);
    await until('said', () => bench.events.lines.includes('ContainerGCFailed: connection refused'));
  });

  it('runs a pod, and takes it out of the API when it has ended', async () => {
    await started();
    const { metadata } = bench.createPod(
      aPod({
        containers: [aContainer('main', { volumeMounts: [{ name: 'token', mountPath: '/token' }] })],
        volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
      }),
    );
    await running('web');
    expect(bench.api.tokensIssued).toBe(1);
    bench.api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 30 });
    await until('gone', () => bench.pod('web') === undefined);
    await until('forgotten', () => bench.kubelet.table.get(metadata.uid ?? '') === undefined);
    expect(runtime.sandboxes.size + runtime.containers.size).toBe(0);
  });

  it('rejects a pod that does not fit', async () => {
    await started();
    bench.createPod(aPod({ containers: [aContainer('main', { resources: { requests: { cpu: '10k' } } })] }));
    await until('rejected', () => bench.pod('web')?.status?.phase === 'Failed');
    expect(bench.pod('web')?.status).toMatchObject({ reason: 'OutOfcpu', message: expect.stringMatching(/^Pod was rejected: Node didn't have enough resource: cpu, requested: 10000000, /) as string });
    expect(runtime.calls.filter((call) => call.startsWith('run'))).toEqual([]);
  });

  it('ends no pod before it has seen all of them, and then those that are gone', async () => {
    await started();
    bench.createPod(aPod({}, { name: 'stays' }));
    bench.createPod(aPod({}, { name: 'vanishes' }));
    await running('stays');
    await running('vanishes');
    await bench.stop();
    bench.api.delete(core.pods, 'default', 'vanishes', { gracePeriodSeconds: 0 });
    runtime.calls.length = 0;

    bench.transport.down = true;
    await bench.restart();
    for (let second = 0; second < 5; second++) await clock.advance(1000);
    expect(runtime.calls).toEqual([]);

    bench.transport.down = false;
    for (let second = 0; second < 10; second++) await clock.advance(1000);
    await until('orphan ended', () => runtime.sandboxes.size === 1);
    expect(runtime.calls.filter((call) => call.startsWith('stopContainer'))).toHaveLength(1);
    await until('the other goes on', () => bench.kubelet.table.find('default', 'stays')?.status.phase === 'Running');
    expect(bench.status('stays')?.restartCount).toBe(0);
  });

  it('ends what was deleted while it was away before it begins anything new', async () => {
    await started();
    bench.createPod(aPod({}, { name: 'vanishes' }));
    await running('vanishes');
    await bench.stop();
    bench.api.delete(core.pods, 'default', 'vanishes', { gracePeriodSeconds: 0 });
    bench.createPod(aPod({}, { name: 'new' }));
    let end = (): void => undefined;
    runtime.onStop = (container) => new Promise((resolve) => {
      end = () => {
        runtime.exit(container.status.id, 0);
        resolve();
      };
    });
    runtime.calls.length = 0;
    await bench.restart();
    await until('asked to end', () => runtime.calls.some((call) => call.startsWith('stopContainer')));
    await clock.advance(1000);
    expect(runtime.calls.filter((call) => call.startsWith('runPodSandbox'))).toEqual([]);
    end();
    await running('new');
    expect(runtime.sandboxes.size).toBe(1);
  });

  it('notices within a second what ends in the runtime', async () => {
    await started();
    bench.createPod(aPod());
    await running('web');
    runtime.exit(runtime.newest('main').status.id, 1);
    await clock.advance(1000);
    await until('restarted', () => bench.status('web')?.restartCount === 1);
  });

  it('goes on when the runtime was away', async () => {
    runtime.behave['listPodSandboxes'] = () => undefined;
    const { listPodSandboxes } = runtime;
    runtime.listPodSandboxes = () => Promise.reject(new Error('connection refused'));
    await bench.start();
    await clock.advance(3000);
    runtime.listPodSandboxes = listPodSandboxes;
    bench.createPod(aPod());
    for (let second = 0; second < 5; second++) await clock.advance(1000);
    await running('web');
  });
});
