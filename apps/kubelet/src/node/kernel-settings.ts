import { readFile } from 'node:fs/promises';
import { errorText } from '../error-text';

/** What upstream's kubelet wants of the kernel: an end by OOM in place of a panic, a restart after one, and room for everybody's keys. */
const wanted: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1, 'vm/panic_on_oom': 0, 'kernel/panic': 10, 'kernel/panic_on_oops': 1, 'kernel/keys/root_maxkeys': 1_000_000, 'kernel/keys/root_maxbytes': 25_000_000,
};

/** Upstream's --protect-kernel-defaults: rejects where the kernel is set otherwise. */
export async function checkKernelSettings(read: (path: string) => Promise<string> = (path) => readFile(path, 'utf8')): Promise<void> {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    try {
      const actual = Number((await read(`/proc/sys/${name}`)).trim());
      if (actual !== value) faults.push(`invalid kernel flag: ${name}, expected value: ${value}, actual value: ${actual}`);
    } catch (error) {
      faults.push(errorText(error));
    }
  }
  if (faults.length > 0) throw new Error(`Failed to start ContainerManager ${faults.length === 1 ? String(faults[0]) : `[${faults.join(', ')}]`}`);
}
