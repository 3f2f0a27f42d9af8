import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { podresourcesv1 } from '@navarch/proto';
import { connect } from '@navarch/rpc';
import { eventually } from '@navarch/testing';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { parseThresholds, withAllocatableMemory } from './eviction/thresholds';
import { noPlacement } from './testing/no-placement';
import { KubeletBench } from './testing/kubelet-bench';
import { aContainer, aPod } from './testing/pod-bench';
import { PrivateNode, run } from './testing/private-node';
import { HostMounter } from './volumes/mounter';

const image = 'navarch.local/web:1';
const mebibyte = 2 ** 20;
/** Memory that pods have together, however much the machine has; and how much of that is never to be used up. */
const memory = { ofPods: 320, spare: 128 };
const files = { all: 4_096, spare: 1_024 };
const reservedMemory = totalmem() - memory.ofPods * mebibyte;

jest.setTimeout(120_000);

describe('what the kernel holds pods to', () => {
  const node = new PrivateNode();
  let bench: KubeletBench;

  beforeAll(async () => {
    await node.start();
    await node.enableNetwork();
    // So small a disk, with room for so few files, that one pod can fill it.
    await mkdir(join(node.folder, 'kubelet'));
    await run('mount', '-t', 'tmpfs', '-o', `size=64m,nr_inodes=${files.all}`, 'navarch-test', join(node.folder, 'kubelet'));
    bench = new KubeletBench({
      clock: systemClock, runtime: node.runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root: node.folder, address: node.address,
      options: {
        cgroupRoot: node.cgroupRoot, podMaxPids: 24, cpuReconcileMs: 200,
        reservations: { kubeReserved: { cpu: '500m', memory: String(reservedMemory) }, systemReserved: { cpu: '500m' }, evictionHard: {} },
        eviction: { thresholds: withAllocatableMemory(parseThresholds({ hard: `nodefs.available<25%,nodefs.inodesFree<${files.spare},memory.available<${memory.spare}Mi`, soft: '', softGrace: {}, minimumReclaim: {} })), transitionMs: 1_000, maxGraceSeconds: 0 },
        placement: { ...noPlacement, cpus: { ...noPlacement.cpus, policy: 'static', reservedMilliCpu: 1000 } },
      },
    });
    await bench.start();
  });
  afterAll(async () => {
    await bench.stop();
    await node.stop();
  });

  const container = (command: string, more: Partial<corev1.Container> = {}): corev1.Container => aContainer('main', { image, command: ['sh', '-c', command], ...more });
  const create = (name: string, spec: Partial<corev1.PodSpec>): corev1.Pod => bench.createPod(aPod({ restartPolicy: 'Never', terminationGracePeriodSeconds: 1, ...spec }, { name }));
  const log = (name: string): string[] =>
    readFileSync(`${node.folder}/logs/default_${name}_${bench.pod(name)?.metadata.uid ?? ''}/main/0.log`, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ').slice(3).join(' '));
  const phase = (name: string, wanted: string): Promise<corev1.Pod> => eventually(() => {
    const pod = bench.pod(name);
    if (pod?.status?.phase !== wanted) throw new Error(`${JSON.stringify(pod?.status)}; events: ${bench.events.lines.slice(-8).join(' | ')}`);
    return pod;
  }, { timeoutMs: 40_000 });
  const gone = async (name: string): Promise<void> => {
    bench.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 1 });
    await eventually(() => bench.pod(name) === undefined, { timeoutMs: 30_000 });
  };
  const cpuset = 'cat /sys/fs/cgroup/cpuset/cpuset.cpus 2>/dev/null || cat /sys/fs/cgroup/cpuset.cpus';
  const guaranteed = { resources: { limits: { cpu: '1', memory: '32Mi' } } };

  it('is together what the node may give', async () => {
    await eventually(() => bench.events.lines.includes('NodeAllocatableEnforced: Updated Node Allocatable limit across pods'));
    const total = Number(/MemTotal:\s+(\d+)/.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    const { limitBytes } = await (await openCgroupTree()).memory(`${node.cgroupRoot}/kubepods`);
    expect(limitBytes).toBe(Math.floor((total - reservedMemory) / 4096) * 4096);
    const allocatable = await eventually(() => bench.api.find(core.nodes, '', 'node-1')?.status?.allocatable);
    // Huge pages, which another test may have asked the kernel for, are counted apart.
    const hugePages = Number(allocatable['hugepages-2Mi'] ?? 0);
    expect([allocatable['cpu'], allocatable['memory']]).toEqual([String(availableParallelism() - 1), `${Math.floor((total - hugePages - reservedMemory) / 1024)}Ki`]);
  });

  it('is a number of processes, and a pod that takes more hurts none but itself', async () => {
    create('neighbour', { restartPolicy: 'Always', containers: [container('while true; do sleep 1; done', { readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } })] });
    await phase('neighbour', 'Running');
    create('bomb', { containers: [container('i=0; while [ $i -lt 60 ]; do sleep 100 & i=$((i + 1)); done; echo all of them')] });
    const pod = await phase('bomb', 'Failed');
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).not.toBe(0);
    expect(log('bomb').join('\n')).toMatch(/can't fork/);
    await eventually(() => bench.status('neighbour')?.ready === true);
    create('after', { containers: [container('sleep 0 & wait; echo well')] });
    await phase('after', 'Succeeded');
    await gone('neighbour');
  });

  const passes = (type: string, reason: string): Promise<unknown> => eventually(() => {
    expect(bench.api.find(core.nodes, '', 'node-1')?.status?.conditions?.find((condition) => condition.type === type)).toMatchObject({ status: 'False', reason });
    return true;
  }, { timeoutMs: 40_000 });

  it('is a disk that does not run full: who fills it has to go, and then all is as before', async () => {
    create('modest', { restartPolicy: 'Always', containers: [container('sleep 1000')] });
    await phase('modest', 'Running');
    create('filler', { volumes: [{ name: 'v', emptyDir: {} }], containers: [container('dd if=/dev/zero of=/v/much bs=1M count=60; sleep 1000', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    const pod = await phase('filler', 'Failed');
    expect(pod.status).toMatchObject({ reason: 'Evicted', message: expect.stringContaining('The node was low on resource: ephemeral-storage. Threshold quantity: 16Mi') as string });
    await eventually(() => bench.events.lines.includes('EvictionThresholdMet: Attempting to reclaim ephemeral-storage'));
    expect(bench.pod('modest')?.status?.phase).toBe('Running');
    await passes('DiskPressure', 'KubeletHasNoDiskPressure');
    // So it is with files that hold nothing.
    create('litter', { volumes: [{ name: 'v', emptyDir: {} }], containers: [container(`i=0; while [ $i -lt ${files.all - files.spare} ]; do : > /v/$i; i=$((i + 1)); done; sleep 1000`, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    expect((await phase('litter', 'Failed')).status).toMatchObject({ reason: 'Evicted', message: expect.stringContaining(`The node was low on resource: inodes. Threshold quantity: ${files.spare}, available: `) as string });
    await passes('DiskPressure', 'KubeletHasNoDiskPressure');
    expect(bench.pod('modest')?.status?.phase).toBe('Running');
    create('next', { containers: [container('true')] });
    await phase('next', 'Succeeded');
    await gone('modest');
  });

  it('is memory that they have together, of which some is always left: who takes most has to go, and then all is as before', async () => {
    create('frugal', { restartPolicy: 'Always', containers: [container('sleep 1000')] });
    await phase('frugal', 'Running');
    const much = memory.ofPods - memory.spare + 32;
    create('hoarder', { volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }], containers: [container(`dd if=/dev/zero of=/v/much bs=1M count=${much}; sleep 1000`, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    const pod = await phase('hoarder', 'Failed');
    expect(pod.status).toMatchObject({
      reason: 'Evicted',
      message: expect.stringMatching(
        `^The node was low on resource: memory\\. Threshold quantity: ${memory.spare}Mi, available: \\d+Ki\\. Container main was using \\d+Ki, request is 0, has larger consumption of memory\\. $`,
      ) as string,
    });
    expect(bench.events.lines).toContain('EvictionThresholdMet: Attempting to reclaim memory');
    expect(bench.events.lines.some((line) => line.startsWith('NodeHasInsufficientMemory'))).toBe(true);
    expect(bench.pod('frugal')?.status?.phase).toBe('Running');
    await passes('MemoryPressure', 'KubeletHasSufficientMemory');
    create('next-of-memory', { containers: [container('true')] });
    await phase('next-of-memory', 'Succeeded');
    await gone('frugal');
  });

  it('is a processor of its own, and nobody else\'s', async () => {
    create('sharing', { restartPolicy: 'Always', containers: [container(`while true; do ${cpuset}; sleep 0.2; done`)] });
    await phase('sharing', 'Running');
    const all = (): string => log('sharing')[0] ?? '';
    await eventually(() => all() !== '');
    create('own', { restartPolicy: 'Always', containers: [container(`${cpuset}; cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d ' ' -f 1 /sys/fs/cgroup/cpu.max; sleep 1000`, guaranteed)] });
    await phase('own', 'Running');
    await eventually(() => log('own').length === 2);
    const [mine, quota] = log('own');
    expect(mine).toMatch(/^\d+$/);
    // Only its processor holds it back.
    expect(['-1', 'max']).toContain(quota);
    await eventually(() => log('sharing').at(-1) !== all());
    expect(log('sharing').at(-1)?.split(/[,-]/)).not.toContain(mine);
    const channel = connect({ address: `unix://${join(node.folder, 'kubelet/pod-resources/kubelet.sock')}` });
    const { podResources } = await channel.client(podresourcesv1.PodResourcesListerService).get({ podNamespace: 'default', podName: 'own' });
    channel.close();
    expect(podResources?.containers[0]?.cpuIds).toEqual([BigInt(mine ?? -1)]);
    expect(JSON.parse(await readFile(join(node.folder, 'kubelet/cpu_manager_state'), 'utf8'))).toMatchObject({ policyName: 'static', entries: { [bench.pod('own')?.metadata.uid ?? '']: { main: mine } } });
    await bench.restart();
    await eventually(() => bench.kubelet.table.find('default', 'own')?.status.phase === 'Running');
    expect(bench.status('own')?.restartCount).toBe(0);
    await gone('own');
    await eventually(() => log('sharing').at(-1) === all());
    await gone('sharing');
  });

  it('is refused when there is none left', async () => {
    const cpus = availableParallelism();
    for (let index = 1; index < cpus; index++) create(`own-${index}`, { restartPolicy: 'Always', containers: [container('sleep 1000', guaranteed)] });
    for (let index = 1; index < cpus; index++) await phase(`own-${index}`, 'Running');
    create('late', { containers: [container('true', guaranteed)] });
    // The scheduler would not have sent it: the node is full for it in every respect.
    expect((await phase('late', 'Failed')).status?.reason).toBe('OutOfcpu');
  });
});
