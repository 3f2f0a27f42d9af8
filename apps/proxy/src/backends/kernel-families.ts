import type { IpFamily } from '@navarch/apimachinery';
import { existsSync } from 'node:fs';

/** Families that the kernel has in this network namespace: IPv6 may be compiled out, or switched off when it booted. */
export function kernelFamilies(): IpFamily[] {
  return existsSync('/proc/net/if_inet6') ? ['IPv4', 'IPv6'] : ['IPv4'];
}
