import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isCode } from '../error-text';
import { exists } from '../volumes/atomic-writer';

/** Limits of one control group. */
export interface CgroupLimits {
  readonly cpuShares?: number;
  /** Microseconds in each period; -1 for no limit. */
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  /** -1 for no limit. */
  readonly memoryBytes?: number;
}

/** The machine's control groups, version 1 or 2, by paths such as `/kubepods/burstable`. */
export interface CgroupTree {
  ensure(path: string, limits: CgroupLimits): Promise<void>;
  /** Removes a group with all below it; its processes must be gone. */
  remove(path: string): Promise<void>;
  /** Names of the groups directly below one. */
  children(path: string): Promise<string[]>;
}

/** Finds out which version is mounted. */
export async function openCgroupTree(mountPoint = '/sys/fs/cgroup'): Promise<CgroupTree> {
  return (await exists(join(mountPoint, 'cgroup.controllers'))) ? new CgroupV2(mountPoint) : new CgroupV1(mountPoint);
}

/** One hierarchy for each controller; the runtime makes a container's groups in those not named here. */
export class CgroupV1 implements CgroupTree {
  constructor(private readonly mountPoint: string) {}

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    const cpu = join(this.mountPoint, 'cpu', path);
    const memory = join(this.mountPoint, 'memory', path);
    await Promise.all([mkdir(cpu, { recursive: true }), mkdir(memory, { recursive: true })]);
    if (limits.cpuShares !== undefined) await writeFile(join(cpu, 'cpu.shares'), String(limits.cpuShares));
    if (limits.cpuQuotaUs !== undefined) {
      await writeFile(join(cpu, 'cpu.cfs_period_us'), String(limits.cpuPeriodUs ?? 100_000));
      await writeFile(join(cpu, 'cpu.cfs_quota_us'), String(limits.cpuQuotaUs));
    }
    if (limits.memoryBytes !== undefined) await writeFile(join(memory, 'memory.limit_in_bytes'), String(limits.memoryBytes));
  }

  async remove(path: string): Promise<void> {
    for (const controller of await readdir(this.mountPoint)) await removeGroup(join(this.mountPoint, controller, path));
  }

  children(path: string): Promise<string[]> {
    return childGroups(join(this.mountPoint, 'memory', path));
  }
}

const wantedControllers = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'];

/** One hierarchy; a group hands controllers on to its children, and then holds no processes itself. */
export class CgroupV2 implements CgroupTree {
  constructor(private readonly mountPoint: string) {}

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    const group = join(this.mountPoint, path);
    await mkdir(group, { recursive: true });
    await this.#handDown(dirname(group));
    if (limits.cpuShares !== undefined) await writeFile(join(group, 'cpu.weight'), String(cpuWeight(limits.cpuShares)));
    if (limits.cpuQuotaUs !== undefined) await writeFile(join(group, 'cpu.max'), `${limits.cpuQuotaUs <= 0 ? 'max' : limits.cpuQuotaUs} ${limits.cpuPeriodUs ?? 100_000}`);
    if (limits.memoryBytes !== undefined) await writeFile(join(group, 'memory.max'), limits.memoryBytes <= 0 ? 'max' : String(limits.memoryBytes));
  }

  remove(path: string): Promise<void> {
    return removeGroup(join(this.mountPoint, path));
  }

  children(path: string): Promise<string[]> {
    return childGroups(join(this.mountPoint, path));
  }

  async #handDown(group: string): Promise<void> {
    if (group !== this.mountPoint && group.startsWith(this.mountPoint)) await this.#handDown(dirname(group));
    const words = async (file: string): Promise<string[]> => (await readFile(join(group, file), 'utf8')).split(/\s+/).filter((word) => word !== '');
    const enabled = await words('cgroup.subtree_control');
    const missing = (await words('cgroup.controllers')).filter((name) => wantedControllers.includes(name) && !enabled.includes(name));
    if (missing.length === 0) return;
    const enable = (): Promise<void> => writeFile(join(group, 'cgroup.subtree_control'), missing.map((name) => `+${name}`).join(' '));
    try {
      await enable();
    } catch (error) {
      if (!isCode(error, 'EBUSY')) throw error;
      // A container's root group holds its processes: they move to a leaf, and the controllers become free.
      const leaf = join(group, 'navarch-leaf');
      await mkdir(leaf, { recursive: true });
      for (const pid of await words('cgroup.procs')) {
        await writeFile(join(leaf, 'cgroup.procs'), pid).catch((gone: unknown) => {
          if (!isCode(gone, 'ESRCH')) throw gone;
        });
      }
      await enable();
    }
  }
}

/** Version 1's shares (2 to 262144) as version 2's weight (1 to 10000). */
export function cpuWeight(shares: number): number {
  return 1 + Math.floor(((shares - 2) * 9999) / 262_142);
}

async function removeGroup(group: string): Promise<void> {
  for (const child of await childGroups(group)) await removeGroup(join(group, child));
  await rmdir(group).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'ENOTDIR')) throw error;
  });
}

async function childGroups(group: string): Promise<string[]> {
  try {
    return (await readdir(group, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}
