import { isIP } from 'node:net';

/** The name servers of a resolv.conf that can be asked from here: not ourselves, which would ask in circles. */
export function nameservers(resolvConf: string, own: readonly string[]): string[] {
  return resolvConf.split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address): address is string => address !== undefined && !own.includes(address) && isIP(address) !== 0);
}
