import { readFile, writeFile } from 'node:fs/promises';

/** One a family; that of IPv6 is missing where the kernel has no IPv6. */
const settings = { required: '/proc/sys/net/bridge/bridge-nf-call-iptables', optional: '/proc/sys/net/bridge/bridge-nf-call-ip6tables' };

/**
 * Packets between pods of one bridge must pass the kernel's filters too: for policies, and for answers of a Service's endpoint to
 * its neighbour. Each network namespace has the settings. Rejects where the module is missing.
 */
export async function ensureBridgeFilter(): Promise<void> {
  try {
    await switchOn(settings.required);
  } catch (error) {
    throw new Error('packets on bridges pass no filters here: load the kernel module br_netfilter (modprobe br_netfilter)', { cause: error });
  }
  await switchOn(settings.optional).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}

async function switchOn(setting: string): Promise<void> {
  if ((await readFile(setting, 'utf8')).trim() !== '1') await writeFile(setting, '1');
}
