import { BlockList, isIP } from 'node:net';
import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from './rules';

export type IpFamily = 'IPv4' | 'IPv6';

/** A zone (`fe80::1%eth0`) or leading zeros make no address of the API. */
const parses = (text: string): number => (text.includes('%') ? 0 : isIP(text));

/** Family of an address; undefined for what is none. */
export function ipFamilyOf(text: string): IpFamily | undefined {
  const version = parses(text);
  return version === 4 ? 'IPv4' : version === 6 ? 'IPv6' : undefined;
}

export function validIp(text: string, path: FieldPath, found: Findings): boolean {
  if (ipFamilyOf(text) !== undefined) return true;
  found.push(fieldErrors.invalid(path, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
  return false;
}

/** A range of addresses. */
export interface Cidr {
  readonly address: string;
  readonly bits: number;
  readonly family: IpFamily;
}

export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = ipFamilyOf(address);
  const bits = Number(digits);
  if (family === undefined || digits === '' || bits > (family === 'IPv4' ? 32 : 128)) return undefined;
  return { address, bits, family };
}

export function validCidr(text: string, path: FieldPath, found: Findings): Cidr | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) found.push(fieldErrors.invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'));
  return cidr;
}

const typeOf = (family: IpFamily): 'ipv4' | 'ipv6' => (family === 'IPv4' ? 'ipv4' : 'ipv6');

/** Whether one range lies wholly in another, larger one. */
export function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  if (inner.family !== outer.family || inner.bits <= outer.bits) return false;
  const block = new BlockList();
  block.addSubnet(outer.address, outer.bits, typeOf(outer.family));
  return block.check(inner.address, typeOf(inner.family));
}

const special = [
  { ranges: ['0.0.0.0/32', '::/128'], message: (ip: string) => `may not be unspecified (${ip.includes(':') ? '::' : '0.0.0.0'})` },
  { ranges: ['127.0.0.0/8', '::1/128'], message: () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)' },
  { ranges: ['169.254.0.0/16', 'fe80::/10'], message: () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)' },
  { ranges: ['224.0.0.0/24', 'ff02::/16'], message: () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)' },
].map(({ ranges, message }) => {
  const block = new BlockList();
  for (const text of ranges) {
    const cidr = parseCidr(text);
    if (cidr) block.addSubnet(cidr.address, cidr.bits, typeOf(cidr.family));
  }
  return { block, message };
});

/** An address that may stand for something outside of its own host. */
export function notSpecialIp(ip: string, path: FieldPath, found: Findings): void {
  const family = ipFamilyOf(ip);
  if (family === undefined) {
    found.push(fieldErrors.invalid(path, ip, 'must be a valid IP address'));
    return;
  }
  for (const { block, message } of special) if (block.check(ip, typeOf(family))) found.push(fieldErrors.invalid(path, ip, message(ip)));
}
