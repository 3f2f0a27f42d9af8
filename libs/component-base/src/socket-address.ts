import { existsSync } from 'node:fs';

/** Linux has it where the kernel speaks IPv6, also when no interface has an address of that family. */
const IPV6_ADDRESSES = '/proc/net/if_inet6';
const ANY_IPV4 = '0.0.0.0';

/** How sockets of both families write the IPv4 address of a peer. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** What to listen on, given what a flag says: `0.0.0.0` stands for every address of the machine, of both families, as Go's `net.Listen` has it. */
export function listenAddress(told: string, speaksIpv6: () => boolean = () => existsSync(IPV6_ADDRESSES)): string {
  if (told !== '' && told !== ANY_IPV4) return told;
  return speaksIpv6() ? '::' : ANY_IPV4;
}

/** The address of a peer, an IPv4 one as IPv4 writes it, whatever socket it came by. */
export const plainAddress = (address: string): string => address.replace(MAPPED, '');

/** An address with a port, as URLs and gRPC write it. */
export const hostPort = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
