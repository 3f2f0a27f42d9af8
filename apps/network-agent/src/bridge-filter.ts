import { readFile, writeFile } from 'node:fs/promises';

const setting = '/proc/sys/net/bridge/bridge-nf-call-iptables';

/**
 * Packets between pods of one bridge must pass the kernel's filters too: for policies, and for answers of a Service's endpoint to
 * its neighbour. Each network namespace has the setting. Rejects where the module is missing.
 */
export async function ensureBridgeFilter(): Promise<void> {
  try {
    if ((await readFile(setting, 'utf8')).trim() !== '1') await writeFile(setting, '1');
  } catch (error) {
    throw new Error('packets on bridges pass no filters here: load the kernel module br_netfilter (modprobe br_netfilter)', { cause: error });
  }
}
