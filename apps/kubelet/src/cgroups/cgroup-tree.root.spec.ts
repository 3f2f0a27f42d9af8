import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../testing/private-node';
import { openCgroupTree, type CgroupLimits, type CgroupTree } from './cgroup-tree';

/** What is asked of each controller, and how the kernel then shows it. */
const controllers: Readonly<Record<string, { readonly limits: CgroupLimits; readonly files: Readonly<Record<string, string>> }>> = {
  cpu: { limits: { cpuShares: 512, cpuQuotaUs: 50_000 }, files: { 'cpu.weight': '20', 'cpu.max': '50000 100000' } },
  memory: { limits: { memoryBytes: 64 * 2 ** 20 }, files: { 'memory.max': String(64 * 2 ** 20) } },
  pids: { limits: { pids: 50 }, files: { 'pids.max': '50' } },
  hugetlb: { limits: { hugepages: { '2MB': 4 * 2 ** 20 } }, files: { 'hugetlb.2MB.max': String(4 * 2 ** 20) } },
};

/** Mounted apart from what the machine uses: it has the controllers that no hierarchy of version 1 has taken. */
describe('version 2 of control groups, as this kernel has it', () => {
  const root = `/navarch-test-${process.pid}`;
  let mount: string;
  let tree: CgroupTree;
  let handedDown: readonly string[] = [];
  const text = (...path: string[]): Promise<string> => readFile(join(mount, ...path), 'utf8').then((content) => content.trim());
  const words = async (...path: string[]): Promise<string[]> => (await text(...path)).split(/\s+/).filter((word) => word !== '');

  beforeAll(async () => {
    mount = await mkdtemp(join(tmpdir(), 'cgroup2-'));
    await run('mount', '-t', 'cgroup2', 'navarch-test', mount);
    handedDown = await words('cgroup.subtree_control');
    tree = await openCgroupTree(mount);
  });
  afterAll(async () => {
    await tree.remove(root);
    const added = (await words('cgroup.subtree_control')).filter((name) => !handedDown.includes(name));
    if (added.length > 0) await writeFile(join(mount, 'cgroup.subtree_control'), added.map((name) => `-${name}`).join(' '));
    await run('umount', mount);
    await rmdir(mount);
  });

  it('hands controllers down to pods, past processes that are in the way, holds pods to their limits, and is left as it was', async () => {
    expect(tree.version).toBe(2);
    const has = (await words('cgroup.controllers')).filter((name) => name in controllers);
    // Processes are where the kubelet is to make groups below, as they are in a container's own group.
    await mkdir(join(mount, root));
    const process = spawn('sleep', ['1000']);
    try {
      await writeFile(join(mount, root, 'cgroup.procs'), String(process.pid));
      const path = `${root}/kubepods/burstable/pod`;
      // Of what this hierarchy has not, nothing can be asked, but for huge pages, which then have no limit.
      await tree.ensure(path, Object.assign({}, controllers['hugetlb']?.limits, ...has.map((name) => controllers[name]?.limits)) as CgroupLimits);
      expect(await words(path, 'cgroup.controllers')).toEqual(expect.arrayContaining(has));
      for (const name of has) for (const [file, value] of Object.entries(controllers[name]?.files ?? {})) expect([file, await text(path, file)]).toEqual([file, value]);
      expect(await text(root, 'cgroup.procs')).toBe('');
      await writeFile(join(mount, path, 'cgroup.procs'), String(process.pid));
      expect((await tree.usage(path)).pids).toEqual([process.pid]);
      expect(await tree.children(`${root}/kubepods/burstable`)).toEqual(['pod']);
      process.kill();
      await once(process, 'exit');
      await tree.remove(root);
      expect([await tree.exists(path), await tree.exists(root)]).toEqual([false, false]);
    } finally {
      process.kill('SIGKILL');
    }
  });
});
