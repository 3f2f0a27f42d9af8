import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type IpFamily, parseCidr, type ParsedCidr, type ParsedIp, parseIp } from './ip-address';
import { type Findings, refuse } from './rules';

/** What a field said before: a set, as lists of addresses may be long. */
export type FormerTexts = ReadonlySet<string>;

const nothing: FormerTexts = new Set();

/** Family of an address; undefined for what is none. */
export const ipFamilyOf = (text: string): IpFamily | undefined => parseIp(text)?.family;

/** Forms that were taken once, as different software reads them differently (StrictIPCIDRValidation). */
function strictIpMessages({ padded, mapped }: ParsedIp): string[] {
  if (padded) return ['must not have leading 0s'];
  return mapped ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

function strictCidrMessages({ padded, ip, text, bits }: ParsedCidr): string[] {
  if (padded) return ['must not have leading 0s in IP or prefix length'];
  if (ip.mapped) return ['must not have an IPv4-mapped IPv6 address'];
  return text === `${ip.text}/${bits}` ? [] : ['must not have bits set beyond the prefix length'];
}

/**
 * An address in a field that is older than the rules: `before` are those that the object had, which may stay whatever they are.
 * Tells whether it is an address at all. Mirrors IsValidIPForLegacyField of apimachinery.
 */
export function validIp(text: string, path: FieldPath, found: Findings, before = nothing): boolean {
  const ip = parseIp(text);
  if (before.has(text)) return ip !== undefined;
  refuse(ip === undefined ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : strictIpMessages(ip), text, path, found);
  return ip !== undefined;
}

/** The same of a range. Mirrors IsValidCIDRForLegacyField of apimachinery. */
export function validCidr(text: string, path: FieldPath, found: Findings, before = nothing): ParsedCidr | undefined {
  const cidr = parseCidr(text);
  if (!before.has(text))
    refuse(cidr === undefined ? ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'] : strictCidrMessages(cidr), text, path, found);
  return cidr;
}

const canonicalMessages = (text: string, right: string): string[] => (text === right ? [] : [`must be in canonical form (${JSON.stringify(right)})`]);

/** What keeps a text from being an address in its one right form, as newer fields have it. Mirrors IsValidIP of apimachinery. */
export function canonicalIpMessages(text: string): string[] {
  const ip = parseIp(text);
  if (ip === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  const strict = strictIpMessages(ip);
  return strict.length > 0 ? strict : canonicalMessages(text, ip.text);
}

/** A range in its one right form. Mirrors IsValidCIDR of apimachinery. */
export function canonicalCidr(text: string, path: FieldPath, found: Findings): ParsedCidr | undefined {
  const errors = found.length;
  const cidr = validCidr(text, path, found);
  if (cidr && found.length === errors) refuse(canonicalMessages(text, cidr.text), text, path, found);
  return cidr;
}

/** An address with the length of its network, in its one right form: what is beyond the prefix stays. Mirrors IsValidInterfaceAddress of apimachinery. */
export function canonicalInterfaceAddressMessages(text: string): string[] {
  const cidr = parseCidr(text);
  if (cidr === undefined) return ['must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'];
  const { ip, bits } = cidr;
  return canonicalMessages(text, `${ip.text}/${ip.family === 'IPv4' && bits > 32 ? bits - 96 : bits}`);
}

const covers = (range: ParsedCidr, bytes: readonly number[]): boolean =>
  bytes.length === range.network.length && range.network.every((byte, i) => (((bytes[i] ?? 0) ^ byte) & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - range.bits)))) === 0);

/** Whether one range lies wholly in another, larger one. */
export const isStrictSubset = (inner: ParsedCidr, outer: ParsedCidr): boolean => inner.bits > outer.bits && covers(outer, inner.network);

const special = [
  { ranges: ['0.0.0.0/32', '::/128'], message: (ip: string) => `may not be unspecified (${ip})` },
  { ranges: ['127.0.0.0/8', '::1/128'], message: () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)' },
  { ranges: ['169.254.0.0/16', 'fe80::/10'], message: () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)' },
  { ranges: ['224.0.0.0/24', 'ff02::/16'], message: () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)' },
].map(({ ranges, message }) => ({ ranges: ranges.flatMap((text) => parseCidr(text) ?? []), message }));

/** An address that may stand for something outside of its own host. */
export function notSpecialIp(text: string, path: FieldPath, found: Findings): void {
  const ip = parseIp(text);
  if (ip === undefined) {
    found.push(fieldErrors.invalid(path, text, 'must be a valid IP address'));
    return;
  }
  const bytes = ip.mapped ? ip.bytes.slice(12) : ip.bytes;
  for (const { ranges, message } of special) if (ranges.some((range) => covers(range, bytes))) found.push(fieldErrors.invalid(path, text, message(text)));
}
