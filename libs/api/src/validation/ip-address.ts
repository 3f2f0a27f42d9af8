import { isIP } from 'node:net';
import { formatAddress } from '@navarch/apimachinery';

export type IpFamily = 'IPv4' | 'IPv6';

/** What a text says of an address, as Go's older parser reads it: lenient about what is ambiguous. */
export interface ParsedIp {
  /** An address mapped into IPv6 (`::ffff:1.2.3.4`) counts as the IPv4 address that it stands for. */
  readonly family: IpFamily;
  readonly bytes: readonly number[];
  /** Its one right form: RFC 5952, and IPv4 for what is mapped. */
  readonly text: string;
  /** Octets have leading zeros, which other software takes for octal numbers. */
  readonly padded: boolean;
  /** IPv4 written as IPv6. */
  readonly mapped: boolean;
}

const ipv4Pattern = /^\d+\.\d+\.\d+\.\d+$/;

function ipv4Bytes(text: string): number[] | undefined {
  if (!ipv4Pattern.test(text)) return undefined;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** Nearly all addresses. */
const plainIpv4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

const unpadded = (text: string): string => text.replace(/(^|[.:])0+(?=\d+(\.|$))/g, '$1');

function ipv6Bytes(text: string): number[] {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const embedded = dotted ? (ipv4Bytes(dotted[2] ?? '') ?? []) : [];
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
  const hex = dotted ? (dotted[1] ?? '').replace(/([^:]):$/, '$1') : text;
  const [head = '', tail] = hex.split('::');
  const front = groups(head);
  if (tail === undefined) return [...front, ...embedded];
  const back = [...groups(tail), ...embedded];
  return [...front, ...Array<number>(16 - front.length - back.length).fill(0), ...back];
}

const isMapped = (bytes: readonly number[]): boolean => bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;

/** Writes 4 or 16 bytes as Go's `net.IP` does. */
export function formatIp(bytes: readonly number[]): string {
  return formatAddress(isMapped(bytes) ? bytes.slice(12) : bytes);
}

/** Mirrors k8s.io/utils/net.ParseIPSloppy; undefined for what is no address. */
export function parseIp(text: string): ParsedIp | undefined {
  // A zone (`fe80::1%eth0`) makes no address of the API.
  if (text.includes('%')) return undefined;
  const four = ipv4Bytes(text);
  if (four && plainIpv4.test(text)) return { family: 'IPv4', bytes: four, text, padded: false, mapped: false };
  const plain = unpadded(text);
  if (four === undefined && isIP(plain) !== 6) return undefined;
  const bytes = four ?? ipv6Bytes(plain);
  const mapped = isMapped(bytes);
  return { family: four || mapped ? 'IPv4' : 'IPv6', bytes, text: formatIp(bytes), padded: plain !== text, mapped };
}

/** A range of addresses. */
export interface ParsedCidr {
  readonly ip: ParsedIp;
  /** Length of the prefix, as written: of 32 or of 128. */
  readonly bits: number;
  /** The address with what is beyond the prefix cleared. */
  readonly network: readonly number[];
  /** Its one right form. */
  readonly text: string;
  /** Leading zeros, in the address or in the length. */
  readonly padded: boolean;
}

const masked = (bytes: readonly number[], bits: number): number[] => bytes.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - bits))));

/** Mirrors k8s.io/utils/net.ParseCIDRSloppy; undefined for what is no range. */
export function parseCidr(text: string): ParsedCidr | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d+)$/.exec(text) ?? [];
  const ip = parseIp(address);
  const bits = Number(digits);
  if (ip === undefined || bits > ip.bytes.length * 8) return undefined;
  const network = masked(ip.bytes, bits);
  const shown = isMapped(network) ? bits - 96 : bits;
  return { ip, bits, network, text: `${formatIp(network)}/${shown}`, padded: ip.padded || digits !== String(bits) };
}
