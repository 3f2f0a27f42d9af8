import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { FakeRuntime } from '../testing/fake-runtime';
import { machine, twoSockets } from '../testing/machine';
import { aContainer, aPod } from '../testing/pod-bench';
import { PlacementMetrics } from '../topology/placement-metrics';
import { cpuCheckpoint, readCpuCheckpoint } from './cpu-checkpoint';
import { CpuManager, type CpuManagerOptions } from './cpu-manager';
import { formatCpuSet, parseCpuSet } from './cpu-set';
import { cpuTopology } from './cpu-topology';
import { StaticCpus, type StaticCpuOptions } from './static-cpus';

const exactly = (cpu: string): corev1.ResourceRequirements => ({ limits: { cpu, memory: '1Gi' } });
const guaranteed = (cpus: string, more: Partial<corev1.PodSpec> = {}, name = 'main'): corev1.Pod => aPod({ containers: [aContainer(name, { resources: exactly(cpus) })], ...more });
const main = (pod: corev1.Pod): corev1.Container => pod.spec!.containers[0]!;

describe('the static policy', () => {
  const book = (options: Partial<StaticCpuOptions> = {}, topology = twoSockets): StaticCpus =>
    new StaticCpus(topology, [0, 8], {
      fullCores: false,
      strictReservation: false,
      spread: false,
      acrossCores: false,
      bySocket: false,
      byCache: false,
      ...options,
    });
  const anywhere = { affinity: undefined };

  it('gives whole processors to guaranteed containers only, and shares the rest', () => {
    const cpus = book();
    for (const [pod, given] of [
      [guaranteed('2'), '1,9'],
      [guaranteed('1500m'), undefined],
      [aPod({ containers: [aContainer('main', { resources: { requests: { cpu: '2' } } })] }), undefined],
      [aPod(), undefined],
      [guaranteed('2', { resources: { limits: { cpu: '4', memory: '1Gi' } } }), undefined],
    ] as const) {
      expect(cpus.allocate(pod, main(pod), anywhere)).toBeUndefined();
      expect(cpus.exclusive(pod.metadata.uid!, 'main')).toEqual(given === undefined ? undefined : parseCpuSet(given));
    }
    expect(formatCpuSet(cpus.assignments.shared)).toBe('0,2-8,10-15');
  });

  it('never gives away what is reserved', () => {
    const cpus = book();
    const [most, more] = [guaranteed('14'), guaranteed('1')];
    expect(cpus.allocate(most, main(most), anywhere)).toBeUndefined();
    expect(formatCpuSet(cpus.assignments.shared)).toBe('0,8');
    expect(cpus.allocate(more, main(more), anywhere)).toEqual({
      reason: 'UnexpectedAdmissionError',
      message: 'Pod was rejected: Allocate failed due to not enough cpus available to satisfy request: requested=1, available=0, which is unexpected',
    });
    expect(cpus.release(most.metadata.uid!)).toBe(true);
    expect(formatCpuSet(cpus.assignments.shared)).toBe('0-15');
  });

  it('does not share what is reserved either, where that is wanted', () => expect(formatCpuSet(book({ strictReservation: true }).assignments.shared)).toBe('1-7,9-15'));

  it('takes banks of one socket for as near as one bank, where that is wanted', () => {
    // Two sockets of two banks of two cores: banks 0 and 1 hold 0-3 and 8-11.
    const topology = machine(2, 2, 2, 2);
    const preferred = (cpus: StaticCpus): number[] => (cpus.hints(guaranteed('4'), main(guaranteed('4'))) ?? []).filter((hint) => hint.preferred).map(({ affinity = 0 }) => affinity);
    expect(preferred(book({}, topology))).toEqual([0b0010, 0b0100, 0b1000]);
    expect(preferred(book({ bySocket: true }, topology))).toEqual([0b0010, 0b0100, 0b1000, 0b0011, 0b1100]);
    const cpus = book({ bySocket: true }, topology);
    const pod = guaranteed('6');
    expect(cpus.allocate(pod, main(pod), { affinity: 0b0001 })).toBeUndefined();
    expect(formatCpuSet(cpus.exclusive(pod.metadata.uid!, 'main') ?? [])).toBe('1-3,9-11');
    expect(() =>
      book(
        { bySocket: true },
        cpuTopology([
          { id: 0, core: 0, socket: 0, numa: 0, cache: 0 },
          { id: 1, core: 1, socket: 1, numa: 0, cache: 1 },
        ]),
      ),
    ).toThrow('Align by socket is not compatible with hardware where number of sockets are more than number of NUMA');
  });

  it('takes them near where it is told', () => {
    const cpus = book();
    const pod = guaranteed('2');
    cpus.allocate(pod, main(pod), { affinity: 0b10 });
    expect(formatCpuSet(cpus.exclusive(pod.metadata.uid!, 'main') ?? [])).toBe('4,12');
  });

  it('gives whole cores only, where that is wanted', () => {
    const cpus = book({ fullCores: true });
    const [odd, even] = [guaranteed('3'), guaranteed('2')];
    expect(cpus.allocate(odd, main(odd), anywhere)).toEqual({ reason: 'SMTAlignmentError', message: 'Pod was rejected: SMT Alignment Error: requested 3 cpus not multiple cpus per core = 2' });
    expect(cpus.allocate(even, main(even), anywhere)).toBeUndefined();
    const big = guaranteed('14');
    expect(cpus.allocate(big, main(big), anywhere)?.message).toBe('Pod was rejected: SMT Alignment Error: not enough free physical CPUs: available physical CPUs = 12, requested CPUs = 14, CPUs per core = 2');
  });

  it('takes evenly from memory banks, where that is wanted', () => {
    const cpus = book({ spread: true });
    const pod = guaranteed('10');
    cpus.allocate(pod, main(pod), anywhere);
    const given = cpus.exclusive(pod.metadata.uid!, 'main') ?? [];
    expect([0, 1].map((bank) => given.filter((cpu) => twoSockets.cpus[cpu]?.numa === bank).length)).toEqual([5, 5]);
  });

  it('leaves what an init container had to those after it, but not what a sidecar has', () => {
    const cpus = book();
    const pod = guaranteed('2', { initContainers: [aContainer('init', { resources: exactly('2') }), aContainer('side', { resources: exactly('2'), restartPolicy: 'Always' })] });
    for (const container of [...pod.spec!.initContainers!, main(pod)]) expect(cpus.allocate(pod, container, anywhere)).toBeUndefined();
    const of = (name: string): string => formatCpuSet(cpus.exclusive(pod.metadata.uid!, name) ?? []);
    expect([of('init'), of('side'), of('main')]).toEqual(['1,9', '1,9', '2,10']);
  });

  it('prefers one memory bank where one could ever do', () => {
    const cpus = book();
    expect(cpus.hints(guaranteed('4'), main(guaranteed('4')))).toEqual([{ affinity: 1, preferred: true }, { affinity: 2, preferred: true }, { affinity: 3, preferred: false }]);
    const pod = guaranteed('10');
    expect(cpus.hints(pod, main(pod))).toEqual([{ affinity: 3, preferred: true }]);
    expect(cpus.hints(guaranteed('500m'), main(guaranteed('500m')))).toBeUndefined();
  });

  it('asks for the peak of a whole pod', () => {
    const pod = guaranteed('2', { initContainers: [aContainer('init', { resources: exactly('8') })] });
    expect(book().podHints(pod)).toEqual([{ affinity: 2, preferred: true }, { affinity: 3, preferred: false }]);
  });

  it.each<[string, string, Record<string, Record<string, string>>, string]>([
    ['nothing to share', '', { p: { c: '0-15' } }, 'default cpuset cannot be empty'],
    ['other processors', '0-7', {}, 'not all reserved cpus'],
    ['a smaller machine', '0-9', {}, 'doesn\'t match with CPUs in state'],
  ])('refuses what was written down with %s', (_what, defaultCpuSet, entries, message) => {
    const exclusive = new Map(Object.entries(entries).map(([uid, containers]) => [uid, new Map(Object.entries(containers).map(([name, cpus]) => [name, parseCpuSet(cpus)]))]));
    expect(() => new StaticCpus(twoSockets, [0, 8], { fullCores: false, strictReservation: false, spread: false, acrossCores: false, bySocket: false, byCache: false }, { shared: parseCpuSet(defaultCpuSet), exclusive })).toThrow(message);
  });
});

describe('cpu_manager_state', () => {
  // Both are files that upstream's kubelet wrote.
  const none = { policyName: 'none', defaultCpuSet: '', checksum: 1353318690 };
  const one = { policyName: 'static', defaultCpuSet: '0,4-27', entries: { '39b37746-7f5e-4064-b8e1-eebd2bfaa003': { app: '1-3' } }, checksum: 3300516549 };

  it('is what upstream writes', () => {
    expect(cpuCheckpoint('none', { shared: [], exclusive: new Map() })).toEqual(none);
    expect(cpuCheckpoint('static', readCpuCheckpoint(one, 'static'))).toEqual(one);
  });

  it('is not believed when it is spoiled or another policy\'s', () => {
    expect(() => readCpuCheckpoint({ ...one, defaultCpuSet: '0-27' }, 'static')).toThrow('checkpoint is corrupted');
    expect(() => readCpuCheckpoint(none, 'static')).toThrow('configured policy "static" differs from state checkpoint policy "none"');
  });
});

describe('CpuManager', () => {
  let rootDir: string;
  beforeEach(async () => {
    rootDir = await mkdtemp(join(tmpdir(), 'cpus-'));
  });
  afterEach(() => rm(rootDir, { recursive: true, force: true }));

  let registry: Registry;
  const options: CpuManagerOptions = { policy: 'static', reservedMilliCpu: 1500, reservedCpus: [], fullCores: false, strictReservation: false, spread: false, acrossCores: false, bySocket: false, byCache: false };
  const open = async (more: Partial<CpuManagerOptions> = {}): Promise<CpuManager> => {
    registry = new Registry();
    const manager = new CpuManager({ ...options, ...more }, { rootDir, runtime: new FakeRuntime(new FakeClock()), log: silentLogger, metrics: new PlacementMetrics(registry) });
    await manager.start(twoSockets);
    return manager;
  };

  it('knows after a restart who had what, and forgets it with the pod', async () => {
    const pod = guaranteed('2');
    const first = await open();
    first.allocate(pod, main(pod), { affinity: undefined, preferred: true });
    expect(first.allocate(guaranteed('14'), main(guaranteed('14')), { affinity: undefined, preferred: true })).toMatchObject({ reason: 'UnexpectedAdmissionError' });
    const metrics = await registry.metrics();
    for (const line of [
      'pinning_requests_total 2',
      'pinning_errors_total 1',
      'shared_pool_size_millicores 14000',
      'exclusive_cpu_allocation_count 2',
      'allocation_per_numa{numa_node="0"} 2',
      'allocation_per_numa{numa_node="1"} 0',
    ]) expect(metrics).toContain(`kubelet_cpu_manager_${line}`);
    await first.stop();
    const second = await open();
    expect([second.cpusetOf(pod.metadata.uid!, 'main'), second.cpusetOf('other', 'main'), second.hasExclusive(pod)]).toEqual(['1,9', '0,2-8,10-15', true]);
    second.forgetAllBut(() => false);
    await second.stop();
    expect(JSON.parse(await readFile(join(rootDir, 'cpu_manager_state'), 'utf8'))).toMatchObject({ policyName: 'static', defaultCpuSet: '0-15' });
  });

  it('counts what is kept together', async () => {
    const manager = await open({ fullCores: true, byCache: true });
    const [whole, half] = [guaranteed('2'), guaranteed('1')];
    manager.allocate(whole, main(whole), { affinity: undefined, preferred: true });
    manager.allocate(half, main(half), { affinity: undefined, preferred: true });
    const metrics = await registry.metrics();
    expect(metrics).toContain('kubelet_container_aligned_compute_resources_count{scope="container",boundary="physical_cpu"} 1');
    expect(metrics).toContain('kubelet_container_aligned_compute_resources_failure_count{scope="container",boundary="physical_cpu"} 1');
    expect(metrics).toContain('kubelet_container_aligned_compute_resources_count{scope="container",boundary="uncore_cache"} 1');
    await manager.stop();
  });

  it('begins with no other policy\'s file, and with nothing reserved', async () => {
    await (await open()).stop();
    await expect(open({ policy: 'none' })).rejects.toThrow(/please drain this node and delete the CPU manager checkpoint file ".*cpu_manager_state" before restarting Kubelet/);
    await expect(open({ reservedMilliCpu: 0 })).rejects.toThrow('the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero');
    await expect(open({ reservedCpus: [99] })).rejects.toThrow('--reserved-cpus: there is no processor 99');
  });

  it('says nothing of where to run without the policy', async () => {
    const manager = await open({ policy: 'none' });
    const pod = guaranteed('2');
    expect(manager.allocate(pod, main(pod), { affinity: undefined, preferred: true })).toBeUndefined();
    expect([manager.cpusetOf(pod.metadata.uid!, 'main'), manager.hints(pod, main(pod)).size]).toEqual(['', 0]);
    await manager.stop();
  });
});
