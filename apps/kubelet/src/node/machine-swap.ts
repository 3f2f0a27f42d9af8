import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../error-text';
import { exists } from '../volumes/atomic-writer';

/** What a machine has to swap to, and how its kernel holds control groups to a share of it. */
export interface MachineSwap {
  readonly bytes: number;
  readonly control: 'cgroup v1' | 'cgroup v2' | undefined;
}

/** Looks at the machine's swap; `system` and `self` are where the kernel tells of control groups. */
export async function inspectSwap(system = '/sys/fs/cgroup', self = '/proc/self/cgroup', meminfo = '/proc/meminfo'): Promise<MachineSwap> {
  const bytes = Number(/^SwapTotal:\s+(\d+) kB$/m.exec(await readFile(meminfo, 'utf8'))?.[1] ?? 0) * 1024;
  if (!await exists(join(system, 'cgroup.controllers'))) {
    return { bytes, control: await exists(join(system, 'memory', 'memory.memsw.limit_in_bytes')) ? 'cgroup v1' : undefined };
  }
  // The root group has no limits: this process's own shows whether there are any.
  const own = /^0::(\S+)$/m.exec(await readFile(self, 'utf8').catch(missing))?.[1] ?? '/';
  return { bytes, control: await exists(join(system, own, 'memory.swap.max')) ? 'cgroup v2' : undefined };
}

function missing(error: unknown): string {
  if (isCode(error, 'ENOENT')) return '';
  throw error;
}
