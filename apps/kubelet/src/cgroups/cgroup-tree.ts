import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isCode } from '../error-text';
import { exists } from '../volumes/atomic-writer';
import { usageV1, usageV2, type CgroupUsage } from './cgroup-usage';

/** Limits of one control group. */
export interface CgroupLimits {
  readonly cpuShares?: number;
  /** Microseconds in each period; -1 for no limit. */
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  /** -1 for no limit. */
  readonly memoryBytes?: number;
  /** Processes and threads; -1 for no limit. */
  readonly pids?: number;
  /** Bytes by page size in the kernel's words, such as `2MB`. */
  readonly hugepages?: Readonly<Record<string, number>>;
}

/** How much memory a group may use, and uses: without the file pages that nobody has touched of late. */
export interface CgroupMemory {
  /** Infinity for no limit. */
  readonly limitBytes: number;
  readonly workingSetBytes: number;
  /** With those pages. */
  readonly usageBytes: number;
}

/** The machine's control groups, version 1 or 2, by paths such as `/kubepods/burstable`. */
export interface CgroupTree {
  readonly version: 1 | 2;
  ensure(path: string, limits: CgroupLimits): Promise<void>;
  /** Removes a group with all below it; its processes must be gone. */
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  memory(path: string): Promise<CgroupMemory>;
  /** What a group has used and may use; what it does not tell is left out. */
  usage(path: string): Promise<CgroupUsage>;
  /** Names of the groups directly below one. */
  children(path: string): Promise<string[]>;
}

/** Finds out which version is mounted. */
export async function openCgroupTree(mountPoint = '/sys/fs/cgroup'): Promise<CgroupTree> {
  return (await exists(join(mountPoint, 'cgroup.controllers'))) ? new CgroupV2(mountPoint) : new CgroupV1(mountPoint);
}

/** One hierarchy for each controller; the runtime makes a container's groups in those not named here. */
export class CgroupV1 implements CgroupTree {
  readonly version = 1;

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
    if (limits.pids !== undefined) await this.#write('pids', path, { 'pids.max': limits.pids <= 0 ? 'max' : String(limits.pids) });
    if (limits.hugepages) await this.#write('hugetlb', path, Object.fromEntries(Object.entries(limits.hugepages).map(([size, bytes]) => [`hugetlb.${size}.limit_in_bytes`, String(bytes)])));
  }

  exists(path: string): Promise<boolean> {
    return exists(join(this.mountPoint, 'memory', path));
  }

  async memory(path: string): Promise<CgroupMemory> {
    const read = (file: string): Promise<string> => readFile(join(this.mountPoint, 'memory', path, file), 'utf8');
    const [limit, usage, stat] = await Promise.all([read('memory.limit_in_bytes'), read('memory.usage_in_bytes'), read('memory.stat')]);
    // A number no machine has is how this version says that there is no limit.
    const limitBytes = Number(limit) >= Number.MAX_SAFE_INTEGER ? Infinity : Number(limit);
    return { limitBytes, workingSetBytes: workingSet(Number(usage), stat, 'total_inactive_file'), usageBytes: Number(usage) };
  }

  async remove(path: string): Promise<void> {
    for (const controller of await readdir(this.mountPoint)) await removeGroup(join(this.mountPoint, controller, path));
  }

  usage(path: string): Promise<CgroupUsage> {
    return usageV1(this.mountPoint, path);
  }

  children(path: string): Promise<string[]> {
    return childGroups(join(this.mountPoint, 'memory', path));
  }

  /** A controller that this kernel has not, limits nothing. */
  async #write(controller: string, path: string, files: Readonly<Record<string, string>>): Promise<void> {
    if (!(await exists(join(this.mountPoint, controller)))) return;
    const group = join(this.mountPoint, controller, path);
    await mkdir(group, { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(group, file), text);
  }
}

const wantedControllers = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'];

/** One hierarchy; a group hands controllers on to its children, and then holds no processes itself. */
export class CgroupV2 implements CgroupTree {
  readonly version = 2;

  constructor(private readonly mountPoint: string) {}

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    const group = join(this.mountPoint, path);
    await mkdir(group, { recursive: true });
    await this.#handDown(dirname(group));
    if (limits.cpuShares !== undefined) await writeFile(join(group, 'cpu.weight'), String(cpuWeight(limits.cpuShares)));
    if (limits.cpuQuotaUs !== undefined) await writeFile(join(group, 'cpu.max'), `${limits.cpuQuotaUs <= 0 ? 'max' : limits.cpuQuotaUs} ${limits.cpuPeriodUs ?? 100_000}`);
    if (limits.memoryBytes !== undefined) await writeFile(join(group, 'memory.max'), limits.memoryBytes <= 0 ? 'max' : String(limits.memoryBytes));
    if (limits.pids !== undefined) await writeFile(join(group, 'pids.max'), limits.pids <= 0 ? 'max' : String(limits.pids));
    for (const [size, bytes] of Object.entries(limits.hugepages ?? {})) {
      const file = join(group, `hugetlb.${size}.max`);
      // A controller that this kernel has not, or that is not handed down to us, limits nothing.
      if (await exists(file)) await writeFile(file, String(bytes));
    }
  }

  exists(path: string): Promise<boolean> {
    return exists(join(this.mountPoint, path));
  }

  async memory(path: string): Promise<CgroupMemory> {
    const read = (file: string): Promise<string> => readFile(join(this.mountPoint, path, file), 'utf8');
    const [limit, usage, stat] = await Promise.all([read('memory.max'), read('memory.current'), read('memory.stat')]);
    return { limitBytes: limit.trim() === 'max' ? Infinity : Number(limit), workingSetBytes: workingSet(Number(usage), stat, 'inactive_file'), usageBytes: Number(usage) };
  }

  remove(path: string): Promise<void> {
    return removeGroup(join(this.mountPoint, path));
  }

  usage(path: string): Promise<CgroupUsage> {
    return usageV2(this.mountPoint, path);
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

function workingSet(usage: number, stat: string, inactive: string): number {
  return Math.max(0, usage - Number(new RegExp(`^${inactive} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0));
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
