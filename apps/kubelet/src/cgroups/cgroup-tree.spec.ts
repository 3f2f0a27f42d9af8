import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aContainer, aPod } from '../testing/pod-bench';
import { CgroupV1, CgroupV2, cpuWeight, openCgroupTree } from './cgroup-tree';
import { PodCgroups } from './pod-cgroups';

describe('control groups', () => {
  let mount: string;
  beforeEach(async () => {
    mount = await mkdtemp(join(tmpdir(), 'cgroup-'));
  });
  afterEach(() => rm(mount, { recursive: true, force: true }));

  const limited = aPod({ containers: [aContainer('main', { resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } } })] });
  const text = (path: string): Promise<string> => readFile(join(mount, path), 'utf8');
  const exists = (path: string): Promise<boolean> => stat(join(mount, path)).then(() => true, () => false);

  it('are told apart by version', async () => {
    await expect(openCgroupTree(mount)).resolves.toBeInstanceOf(CgroupV1);
    await writeFile(join(mount, 'cgroup.controllers'), 'cpu memory');
    await expect(openCgroupTree(mount)).resolves.toBeInstanceOf(CgroupV2);
  });

  it('of version 1 are made for a pod in its class, and removed', async () => {
    for (const controller of ['cpu', 'memory', 'pids']) await mkdir(join(mount, controller));
    const cgroups = new PodCgroups('/navarch/node-1', new CgroupV1(mount));
    await cgroups.start();
    const path = await cgroups.ensurePod(limited);
    expect(path).toBe(`/navarch/node-1/kubepods/burstable/pod${limited.metadata.uid ?? ''}`);
    expect([await text(`cpu${path}/cpu.shares`), await text(`cpu${path}/cpu.cfs_quota_us`), await text(`memory${path}/memory.limit_in_bytes`)]).toEqual(['512', '100000', String(2 ** 30)]);
    // The kernel's files go with their directory; these do not.
    for (const file of ['cpu/cpu.shares', 'cpu/cpu.cfs_quota_us', 'cpu/cpu.cfs_period_us', 'memory/memory.limit_in_bytes']) await rm(join(mount, file.replace('/', `${path}/`)));
    await mkdir(join(mount, 'pids', path), { recursive: true });
    await cgroups.removeOrphans((uid) => uid !== limited.metadata.uid);
    expect([await exists(`cpu${path}`), await exists(`memory${path}`), await exists(`pids${path}`)]).toEqual([false, false, false]);
  });

  it('of version 2 hand their controllers down to where the pod is', async () => {
    for (const group of ['', 'a', 'a/kubepods']) {
      await mkdir(join(mount, group), { recursive: true });
      await writeFile(join(mount, group, 'cgroup.controllers'), 'cpuset cpu io memory pids rdma');
      await writeFile(join(mount, group, 'cgroup.subtree_control'), group === '' ? 'cpu memory' : '');
    }
    const cgroups = new PodCgroups('/a', new CgroupV2(mount), { maxPids: 50 });
    const path = await cgroups.ensurePod(aPod({ containers: [aContainer('main', { resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '500m', memory: '1Gi' } } })] }));
    expect(await text('cgroup.subtree_control')).toBe('+cpuset +io +pids');
    expect(await text('a/kubepods/cgroup.subtree_control')).toBe('+cpuset +cpu +io +memory +pids');
    expect([await text(`${path}/cpu.weight`), await text(`${path}/cpu.max`), await text(`${path}/memory.max`), await text(`${path}/pids.max`)]).toEqual(['20', '50000 100000', String(2 ** 30), '50']);
  });

  it('of version 1 weigh the burstable pods together as much as they ask for', async () => {
    for (const controller of ['cpu', 'memory']) await mkdir(join(mount, controller));
    const cgroups = new PodCgroups('/', new CgroupV1(mount));
    await cgroups.start();
    await cgroups.ensurePod(limited);
    expect(await text('cpu/kubepods/burstable/cpu.shares')).toBe('512');
  });

  it('of burstable pods weigh as much for a kubelet that begins anew, before it knows what runs, and less when they have gone', async () => {
    for (const controller of ['cpu', 'memory']) await mkdir(join(mount, controller));
    const before = new PodCgroups('/', new CgroupV1(mount));
    await before.start();
    await before.ensurePod(limited);
    const cgroups = new PodCgroups('/', new CgroupV1(mount));
    await cgroups.start();
    expect(await text('cpu/kubepods/burstable/cpu.shares')).toBe('512');
    await cgroups.ensurePod(limited);
    expect(await text('cpu/kubepods/burstable/cpu.shares')).toBe('512');
    // The kernel's files go with their directory; these do not.
    for (const controller of ['cpu', 'memory']) await rm(join(mount, controller, `kubepods/burstable/pod${limited.metadata.uid ?? ''}`), { recursive: true });
    await mkdir(join(mount, 'memory/kubepods/burstable', `pod${limited.metadata.uid ?? ''}`));
    await cgroups.removeOrphans(() => false);
    expect(await text('cpu/kubepods/burstable/cpu.shares')).toBe('2');
  });

  it('of a pod are as wide as what is in them, whatever the pod is to have', async () => {
    for (const controller of ['cpu', 'memory']) await mkdir(join(mount, controller));
    const cgroups = new PodCgroups('/', new CgroupV1(mount));
    const smaller = { ...limited, spec: { containers: [aContainer('main', { resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '500m', memory: '512Mi' } } })] } };
    const path = await cgroups.ensurePod(smaller, limited);
    expect([await text(`cpu${path}/cpu.shares`), await text(`cpu${path}/cpu.cfs_quota_us`), await text(`memory${path}/memory.limit_in_bytes`)]).toEqual(['512', '100000', String(2 ** 30)]);
  });

  it.each([
    ['version 1', CgroupV1, { 'memory/g/memory.limit_in_bytes': '9223372036854771712', 'memory/g/memory.usage_in_bytes': '1000', 'memory/g/memory.stat': 'inactive_file 1\ntotal_inactive_file 300\n' }],
    ['version 2', CgroupV2, { 'g/memory.max': 'max\n', 'g/memory.current': '1000', 'g/memory.stat': 'anon 700\ninactive_file 300\n' }],
  ])('of %s tell what is used and no limit', async (_version, Tree, files) => {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(mount, file, '..'), { recursive: true });
      await writeFile(join(mount, file), content);
    }
    await expect(new Tree(mount).memory('/g')).resolves.toEqual({ limitBytes: Infinity, workingSetBytes: 700, usageBytes: 1000 });
  });

  it.each([
    ['version 1', CgroupV1, {
      'cpu/g/cpu.stat': 'nr_periods 10\nnr_throttled 3\nthrottled_time 2500000000\n', 'cpu/g/cpu.shares': '1024', 'cpu/g/cpu.cfs_quota_us': '50000', 'cpu/g/cpu.cfs_period_us': '100000', 'cpuacct/g/cpuacct.stat': 'user 150\nsystem 50\n',
      'memory/g/memory.stat': 'cache 1\ntotal_cache 400\ntotal_mapped_file 5\ntotal_swap 6\ntotal_pgfault 7\ntotal_pgmajfault 8\n', 'memory/g/memory.max_usage_in_bytes': '900', 'memory/g/memory.failcnt': '2', 'memory/g/memory.limit_in_bytes': '9223372036854771712',
      'memory/g/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n', 'memory/g/cgroup.procs': '11\n12\n', 'pids/g/pids.current': '3', 'pids/g/pids.max': 'max',
      'blkio/g/blkio.throttle.io_service_bytes': '8:0 Read 4096\nTotal 4096\n', 'blkio/g/blkio.throttle.io_serviced': '8:0 Read 1\nTotal 1\n',
    }, 1024],
    ['version 2', CgroupV2, {
      'g/cpu.stat': 'usage_usec 9\nuser_usec 1500000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 2500000\n', 'g/cpu.weight': '39', 'g/cpu.max': '50000 100000',
      'g/memory.stat': 'file 400\nfile_mapped 5\npgfault 7\npgmajfault 8\n', 'g/memory.swap.current': '6', 'g/memory.peak': '900', 'g/memory.events': 'low 0\nmax 2\noom_kill 1\n', 'g/memory.max': 'max', 'g/cgroup.procs': '11\n12\n', 'g/pids.current': '3', 'g/pids.max': 'max', 'g/io.stat': '8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n',
    }, 998],
  ])('of %s tell what was used, and what may be', async (_version, Tree, files, shares) => {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(mount, file, '..'), { recursive: true });
      await writeFile(join(mount, file), content);
    }
    await expect(new Tree(mount).usage('/g')).resolves.toEqual({
      userSeconds: 1.5, systemSeconds: 0.5, periods: 10, throttledPeriods: 3, throttledSeconds: 2.5, cacheBytes: 400, mappedBytes: 5, swapBytes: 6, pageFaults: 7, majorPageFaults: 8, peakBytes: 900,
      memoryLimitHits: 2, memoryLimitBytes: Infinity, oomKills: 1, shares, periodUs: 100_000, quotaUs: 50_000, threads: 3, threadLimit: Infinity, pids: [11, 12], disks: [{ major: 8, minor: 0, reads: 1, writes: 0, readBytes: 4096, writtenBytes: 0 }],
    });
    expect((await new Tree(mount).usage('/none')).userSeconds).toBeUndefined();
  });

  it.each([[2, 1], [1024, 39], [262_144, 10_000]])('%d shares weigh %d', (shares, weight) => {
    expect(cpuWeight(shares)).toBe(weight);
  });
});
