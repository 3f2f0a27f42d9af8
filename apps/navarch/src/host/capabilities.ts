import { existsSync, readFileSync } from 'node:fs';
import { succeeds } from './command';

/** Bit of CAP_SYS_RESOURCE in a capability mask. */
const capSysResource = 24n;

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Whether this process holds CAP_SYS_RESOURCE: without it OOM scores cannot be lowered. */
export function hasSysResource(): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> capSysResource) & 1n) === 1n;
}

export const hasIPv6 = (): boolean => existsSync('/proc/net/if_inet6');

/** Whether containers can be given AppArmor profiles. */
export function hasAppArmor(): boolean {
  const enabled = '/sys/module/apparmor/parameters/enabled';
  return existsSync(enabled) && readFileSync(enabled, 'utf8').startsWith('Y') && succeeds('apparmor_parser', ['--version']);
}

/** overlayfs, unless the directory is itself on an overlay (a container's root), where it cannot be mounted. */
export function snapshotterFor(directory: string): 'overlayfs' | 'native' {
  return succeeds('sh', ['-c', `[ "$(stat -f -c %T ${JSON.stringify(directory)})" = overlayfs ]`]) ? 'native' : 'overlayfs';
}
