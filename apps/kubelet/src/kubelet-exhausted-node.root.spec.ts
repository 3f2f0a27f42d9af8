import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { eventually } from '@navarch/testing';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { pidLevel } from './eviction/read-levels';
import { parseThresholds } from './eviction/thresholds';
import { KubeletBench } from './testing/kubelet-bench';
import { aContainer, aPod } from './testing/pod-bench';
import { PrivateNode, run } from './testing/private-node';
import { HostMounter } from './volumes/mounter';

const image = 'navarch.local/web:1';
/** Far more than a machine's other work comes and goes with. */
const spareProcesses = 1_000;
const manyProcesses = 2_000;

jest.setTimeout(120_000);

describe('a node that runs out of', () => {
  const node = new PrivateNode();
  let bench: KubeletBench;
  let pidThreshold = 0;

  beforeAll(async () => {
    // So small a disk for images and containers that a few fill it.
    await mkdir(join(node.folder, 'root'));
    await run('mount', '-t', 'tmpfs', '-o', 'size=128m', 'navarch-test', join(node.folder, 'root'));
    await node.start();
    await node.enableNetwork();
    pidThreshold = pidLevel(await readFile('/proc/sys/kernel/pid_max', 'utf8'), await readFile('/proc/loadavg', 'utf8')).available - spareProcesses;
    bench = new KubeletBench({
      clock: systemClock, runtime: node.runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root: node.folder, address: node.address,
      options: {
        cgroupRoot: node.cgroupRoot,
        eviction: { thresholds: parseThresholds({ hard: `pid.available<${pidThreshold},imagefs.available<40%`, soft: '', softGrace: {}, minimumReclaim: {} }), transitionMs: 1_000, maxGraceSeconds: 0 },
      },
    });
    await bench.start();
    create('modest', { restartPolicy: 'Always', containers: [container('sleep 1000')] });
    await phase('modest', 'Running');
  });
  afterAll(async () => {
    await bench.stop();
    await node.stop();
  });

  const container = (command: string): corev1.Container => aContainer('main', { image, command: ['sh', '-c', command] });
  const create = (name: string, spec: Partial<corev1.PodSpec>): corev1.Pod => bench.createPod(aPod({ restartPolicy: 'Never', terminationGracePeriodSeconds: 1, ...spec }, { name }));
  const phase = (name: string, wanted: string): Promise<corev1.Pod> => eventually(() => {
    const pod = bench.pod(name);
    if (pod?.status?.phase !== wanted) throw new Error(`${JSON.stringify(pod?.status)}; events: ${bench.events.lines.slice(-8).join(' | ')}`);
    return pod;
  }, { timeoutMs: 60_000 });
  const passes = (type: string, reason: string): Promise<unknown> => eventually(() => {
    const condition = bench.api.find(core.nodes, '', 'node-1')?.status?.conditions?.find((candidate) => candidate.type === type);
    expect(condition).toMatchObject({ status: 'False', reason });
    return true;
  }, { timeoutMs: 40_000 });
  const images = async (): Promise<string[]> => (await node.runtime.listImages()).flatMap(({ repoTags }) => repoTags).sort();

  it('processes gives up the pod that has most of them, and then all is as before', async () => {
    create('forks', { containers: [container(`i=0; while [ $i -lt ${manyProcesses} ]; do sleep 1000 & i=$((i + 1)); done; wait`)] });
    const pod = await phase('forks', 'Failed');
    expect(pod.status).toMatchObject({ reason: 'Evicted', message: expect.stringContaining(`The node was low on resource: pids. Threshold quantity: ${pidThreshold}`) as string });
    expect(bench.events.lines).toContain('EvictionThresholdMet: Attempting to reclaim pids');
    expect(bench.events.lines.some((line) => line.startsWith('NodeHasInsufficientPID'))).toBe(true);
    await passes('PIDPressure', 'KubeletHasSufficientPID');
    expect(bench.pod('modest')?.status?.phase).toBe('Running');
    create('after-processes', { containers: [container('true')] });
    await phase('after-processes', 'Succeeded');
  });

  it('room for images removes those that nobody uses, and no pod', async () => {
    const archive = join(node.folder, 'large.tar');
    const script = `import { randomBytes } from 'node:crypto'; import { writeFileSync } from 'node:fs'; import { ociArchive } from ${JSON.stringify(join(__dirname, '../../../tools/images/oci-archive.mjs'))};
      writeFileSync(process.argv[1], ociArchive('navarch.local/large:1', [{ path: 'much', data: randomBytes(40 * 2 ** 20) }], { Cmd: ['/much'] }, ${JSON.stringify(process.arch === 'arm64' ? 'arm64' : 'amd64')}));`;
    await run(process.execPath, '--input-type=module', '--eval', script, archive);
    const before = await images();
    await node.importImage(archive);
    await eventually(async () => !(await images()).includes('navarch.local/large:1'), { timeoutMs: 60_000 });
    expect(await images()).toContain(image);
    expect(before).toEqual(expect.arrayContaining(await images()));
    await passes('DiskPressure', 'KubeletHasNoDiskPressure');
    expect(bench.pod('modest')?.status?.phase).toBe('Running');
  });

  it('room for containers gives up the pod that writes most, and then all is as before', async () => {
    create('writes', { containers: [container('dd if=/dev/zero of=/much bs=1M count=90; sleep 1000')] });
    const pod = await phase('writes', 'Failed');
    expect(pod.status).toMatchObject({ reason: 'Evicted', message: expect.stringContaining('The node was low on resource: ephemeral-storage.') as string });
    await passes('DiskPressure', 'KubeletHasNoDiskPressure');
    expect(bench.pod('modest')?.status?.phase).toBe('Running');
    create('after-disk', { containers: [container('true')] });
    await phase('after-disk', 'Succeeded');
  });
});
