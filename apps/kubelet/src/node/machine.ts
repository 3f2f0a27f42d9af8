import { readdir, readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, release, uptime } from 'node:os';
import { join } from 'node:path';
import { inspectSwap, type MachineSwap } from './machine-swap';

/** What a node is made of. */
export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly swap: MachineSwap;
  /** How many processes and threads there can be. */
  readonly pids: number;
  /** Bytes by page size, such as `hugepages-2Mi`. */
  readonly hugepages: Readonly<Record<string, number>>;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  /** How long it has been up. */
  readonly uptimeMs: number;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** Go's name: `amd64`. */
  readonly architecture: string;
}

/** Looks at the machine; what cannot be read is empty. */
export async function inspectMachine(rootDir: string): Promise<Machine> {
  const [memory, storage, machineId, systemUuid, bootId, osRelease, hugepages, pidMax, threadsMax] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'), statfs(rootDir), read('/etc/machine-id'), read('/sys/class/dmi/id/product_uuid'),
    read('/proc/sys/kernel/random/boot_id'), read('/etc/os-release'), readHugepages(), read('/proc/sys/kernel/pid_max'), read('/proc/sys/kernel/threads-max'),
  ]);
  return {
    cpus: availableParallelism(),
    memoryBytes: Number(/^MemTotal:\s+(\d+) kB$/m.exec(memory)?.[1] ?? 0) * 1024,
    storageBytes: storage.bsize * storage.blocks,
    swap: await inspectSwap(),
    pids: Math.min(Number(pidMax), Number(threadsMax)),
    hugepages,
    machineId,
    systemUuid: systemUuid === '' ? machineId : systemUuid,
    bootId,
    uptimeMs: uptime() * 1000,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    architecture: goArchitectures[arch()] ?? arch(),
  };
}

const goArchitectures: Partial<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', ia32: '386', ppc64: 'ppc64le', s390x: 's390x', riscv64: 'riscv64' };

async function readHugepages(): Promise<Record<string, number>> {
  const directory = '/sys/kernel/mm/hugepages';
  const result: Record<string, number> = {};
  for (const name of await readdir(directory).catch((): string[] => [])) {
    const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    const count = Number(await read(join(directory, name, 'nr_hugepages')));
    const size = kilobytes >= 1024 * 1024 ? `${kilobytes / 1024 / 1024}Gi` : kilobytes >= 1024 ? `${kilobytes / 1024}Mi` : `${kilobytes}Ki`;
    result[`hugepages-${size}`] = kilobytes * 1024 * count;
  }
  return result;
}

/** A file's text without the last newline; empty when it cannot be read, as not every system has each. */
async function read(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}
