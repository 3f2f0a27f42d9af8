import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { eventually } from '@navarch/testing';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { podUidLabel } from './runtime/labels';
import { shell } from './testing/container-node';
import { KubeletBench } from './testing/kubelet-bench';
import { KubeletProcess } from './testing/kubelet-process';
import { observedRuntime } from './testing/observed-runtime';
import { aPod } from './testing/pod-bench';
import { PrivateNode } from './testing/private-node';
import { HostMounter } from './volumes/mounter';

jest.setTimeout(300_000);

const { ContainerState, PodSandboxState } = runtimev1;

/** With everything that could be left behind: mounts, an address, a port of the node, groups. It takes its time to end. */
const aBusyPod = (name: string, hostPort: number): corev1.Pod => aPod({
  terminationGracePeriodSeconds: 1, volumes: [{ name: 'fast', emptyDir: { medium: 'Memory' } }],
  containers: [shell('main', 'trap "sleep 0.5; exit 0" TERM; while true; do sleep 0.05; done', { ports: [{ containerPort: 80, hostPort, protocol: 'TCP' }], volumeMounts: [{ name: 'fast', mountPath: '/fast' }] })],
}, { name });

describe('nothing is double and nothing left behind after the end, in the middle of its work, of', () => {
  const node = new PrivateNode();
  let before: Readonly<Record<string, string>>;

  /** What pods could leave; the file system in memory that is the kubelet's own stays. */
  const traces = async (): Promise<Readonly<Record<string, string>>> => {
    const all = await node.traces();
    return { ...all, mounts: (all['mounts'] ?? '').split('\n').filter((line) => !line.includes(`${node.folder}/kubelet/memory `)).join('\n') };
  };

  beforeAll(async () => {
    await node.start();
    await node.enableNetwork();
    // What the first pod of a node brings, such as the bridge, stays.
    const config = runtimev1.PodSandboxConfig.fromPartial({ metadata: { name: 'first', uid: 'first', namespace: 'default' }, portMappings: [{ containerPort: 80, hostPort: 18_090 }], linux: { cgroupParent: node.cgroupRoot } });
    const first = await node.runtime.runPodSandbox(config, '');
    await node.runtime.stopPodSandbox(first);
    await node.runtime.removePodSandbox(first);
    before = await traces();
  });
  /** What a test has begun; it ends whatever the test came to. */
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(() => node.stop());

  /** How many sandboxes that live, and containers that run, a pod has. */
  const running = async (uid: string): Promise<readonly [sandboxes: number, containers: number]> => {
    const labels = { [podUidLabel]: uid };
    const [sandboxes, containers] = await Promise.all([node.runtime.listPodSandboxes(labels), node.runtime.listContainers(labels)]);
    return [sandboxes.filter(({ state }) => state === PodSandboxState.SANDBOX_READY).length, containers.filter(({ state }) => state === ContainerState.CONTAINER_RUNNING).length];
  };
  const asBefore = (): Promise<unknown> => eventually(async () => {
    expect(await traces()).toEqual({ ...before, directories: ';' });
    expect(await node.runtime.listPodSandboxes()).toEqual([]);
    return true;
  }, { timeoutMs: 40_000 });

  it('a kubelet, whether a sandbox, a container or its start was asked for or just done', async () => {
    const pods = ['one', 'two'].map((name, index) => aBusyPod(name, 18_091 + index));
    const options = { socket: node.socket, root: node.folder, cgroupRoot: node.cgroupRoot, address: node.address, pods };
    for (const dies of ['runPodSandbox answered', 'createContainer asked', 'createContainer answered', 'startContainer answered']) {
      await expect(new KubeletProcess({ ...options, dies }).ended).resolves.toBe('SIGKILL');
    }
    const kubelet = new KubeletProcess(options);
    ends.push(() => kubelet.kill());
    await eventually(() => {
      if (!pods.every(({ metadata }) => kubelet.phases[metadata.name ?? ''] === 'Running')) throw new Error(JSON.stringify(kubelet.phases));
      return true;
    }, { timeoutMs: 60_000 });
    const uids = [...new Set((await node.runtime.listPodSandboxes()).map(({ metadata }) => metadata?.uid ?? ''))];
    expect(uids).toHaveLength(pods.length);
    // One whose start was cut off has ended, and waits for its next start while its pod is Running already.
    await eventually(async () => {
      for (const uid of uids) expect(await running(uid)).toEqual([1, 1]);
      return true;
    }, { timeoutMs: 40_000 });
    kubelet.deletePods();
    await eventually(() => Object.keys(kubelet.phases).length === 0, { timeoutMs: 40_000 });
    await asBefore();
  });

  it('containerd, while it makes one pod and ends another', async () => {
    let awaited = new Set<string>();
    let killed = (): void => undefined;
    const runtime = observedRuntime(node.runtime, {
      asked: (call) => {
        if (awaited.delete(call) && awaited.size === 0) setImmediate(() => void node.stopRuntime('SIGKILL').then(killed));
      },
      answered: () => undefined,
    });
    const bench = new KubeletBench({ clock: systemClock, runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root: node.folder, address: node.address, options: { cgroupRoot: node.cgroupRoot, relistMs: 200 } });
    ends.push(() => bench.stop());
    await bench.start();
    const isRunning = (name: string): Promise<true> => eventually(() => {
      if (bench.status(name)?.state?.running === undefined) throw new Error(`${name}: ${JSON.stringify(bench.pod(name)?.status)}; events: ${bench.events.lines.slice(-8).join(' | ')}`);
      return true;
    }, { timeoutMs: 40_000 });
    const remove = (name: string): void => void bench.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 1 });
    const isGone = (name: string): Promise<true> => eventually(() => bench.pod(name) === undefined, { timeoutMs: 40_000 });
    let last = bench.createPod(aBusyPod('pod-0', 18_100));
    await isRunning('pod-0');
    for (const [index, calls] of [['runPodSandbox', 'stopContainer'], ['createContainer', 'stopPodSandbox'], ['startContainer', 'stopContainer']].entries()) {
      const death = new Promise<void>((resolve) => (killed = resolve));
      awaited = new Set(calls);
      const name = `pod-${index + 1}`;
      const comes = bench.createPod(aBusyPod(name, 18_101 + index));
      remove(`pod-${index}`);
      await death;
      await node.startRuntime();
      await isRunning(name);
      await isGone(`pod-${index}`);
      expect([await running(last.metadata.uid ?? ''), await running(comes.metadata.uid ?? '')]).toEqual([[0, 0], [1, 1]]);
      last = comes;
    }
    remove(last.metadata.name ?? '');
    await isGone(last.metadata.name ?? '');
    await asBefore();
    expect(bench.crashes).toEqual([]);
  });
});
