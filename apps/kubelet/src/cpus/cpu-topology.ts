import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../error-text';
import { cpuSet, parseCpuSet, type CpuSet } from './cpu-set';

/** Where one processor (a hardware thread) is. Numbers are the kernel's; a core's is unique on the machine. */
export interface Cpu {
  readonly id: number;
  readonly core: number;
  readonly socket: number;
  readonly numa: number;
  /** Its last-level cache: upstream's uncore cache. */
  readonly cache: number;
}

export interface CpuTopology {
  readonly cpus: readonly Cpu[];
  readonly numaNodes: readonly number[];
  readonly sockets: number;
  readonly cpusPerCore: number;
}

export function cpuTopology(cpus: readonly Cpu[]): CpuTopology {
  const count = (of: (cpu: Cpu) => number): number => new Set(cpus.map(of)).size;
  const cores = Math.max(1, count(({ core }) => core));
  return { cpus, numaNodes: cpuSet(cpus.map(({ numa }) => numa)), sockets: count(({ socket }) => socket), cpusPerCore: Math.max(1, Math.floor(cpus.length / cores)) };
}

export function allCpus({ cpus }: CpuTopology): CpuSet {
  return cpuSet(cpus.map(({ id }) => id));
}

/** Looks at the processors that this process may use: more cannot be given to pods. */
export async function inspectCpus(system = '/sys/devices/system/cpu', status = '/proc/self/status'): Promise<CpuTopology> {
  const online = parseCpuSet(await readFile(join(system, 'online'), 'utf8'));
  const allowed = parseCpuSet(/^Cpus_allowed_list:\s+(\S+)$/m.exec(await readFile(status, 'utf8'))?.[1] ?? '');
  const numbers = allowed.length === 0 ? online : online.filter((id) => allowed.includes(id));
  const cpus = await Promise.all(numbers.map(async (id) => {
    const folder = join(system, `cpu${id}`);
    const [core, socket, files, cache] = await Promise.all([number(join(folder, 'topology/core_id')), number(join(folder, 'topology/physical_package_id')), readdir(folder), lastCache(folder)]);
    // A machine with one memory bank may not say so.
    const numa = Number(files.map((name) => /^node(\d+)$/.exec(name)?.[1]).find((found) => found !== undefined) ?? 0);
    return { id, core, socket: Math.max(0, socket), numa, cache };
  }));
  // Two sockets count their cores from nought both.
  const names = [...new Set(cpus.map(({ socket, core }) => `${socket}/${core}`))];
  return cpuTopology(cpus.map((cpu) => ({ ...cpu, core: names.indexOf(`${cpu.socket}/${cpu.core}`) })));
}

/** Who shares the cache of level 3 with a processor, by the first of them; a machine that does not say has one for all. */
async function lastCache(folder: string): Promise<number> {
  try {
    for (const index of (await readdir(join(folder, 'cache'))).filter((name) => name.startsWith('index'))) {
      if (await number(join(folder, 'cache', index, 'level')) === 3) return parseCpuSet((await readFile(join(folder, 'cache', index, 'shared_cpu_list'), 'utf8')).trim())[0] ?? 0;
    }
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
  return 0;
}

async function number(path: string): Promise<number> {
  return Number((await readFile(path, 'utf8')).trim());
}
