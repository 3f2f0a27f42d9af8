import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@navarch/component-base';
import type { Setting } from './conntrack-settings';

const kernel = '/proc/sys/net/netfilter';

/** Sets what differs. A network namespace of its own cannot set everything, nor a container whose /proc/sys is read-only: that is told, and the proxy goes on. */
export async function applyConntrackSettings(settings: readonly Setting[], log: Pick<Logger, 'info' | 'warn'>, directory = kernel): Promise<void> {
  for (const { name, value, atLeast } of settings) {
    try {
      const path = join(directory, name);
      const current = Number(await readFile(path, 'utf8'));
      if (atLeast ? current >= value : current === value) continue;
      await writeFile(path, String(value));
      log.info({ setting: name, before: current, value }, 'connection tracking set');
    } catch (error) {
      log.warn({ err: error, setting: name, value }, 'connection tracking cannot be set here');
    }
  }
}
