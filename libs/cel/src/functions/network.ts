import { isIPv6 } from 'node:net';
import { EvalError } from '../values/eval-error';
import type { OpaqueValue } from '../values/value';
import {
  type AddressBytes, formatAddress, isGlobalUnicast, isLinkLocalMulticast, isLinkLocalUnicast, isLoopback, isUnspecified, masked, parseAddress, sameBits,
} from './addresses';
import { overload, type Overload, stringCost } from './overload';

class IpValue implements OpaqueValue {
  readonly opaque = 'net.IP';

  constructor(readonly bytes: AddressBytes) {}

  equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && other.bytes.length === this.bytes.length && sameBits(other.bytes, this.bytes, this.bytes.length * 8);
  }
}

class CidrValue implements OpaqueValue {
  readonly opaque = 'net.CIDR';

  constructor(
    readonly bytes: AddressBytes,
    readonly bits: number,
  ) {}

  get text(): string {
    return `${formatAddress(this.bytes)}/${this.bits}`;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof CidrValue && other.text === this.text;
  }

  containsAddress(bytes: AddressBytes): boolean {
    return bytes.length === this.bytes.length && sameBits(bytes, this.bytes, this.bits);
  }
}

function ip(text: string): IpValue {
  const bytes = parseAddress(text);
  if (!bytes && /^::ffff:/i.test(text) && isIPv6(text)) throw new EvalError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  if (!bytes) throw new EvalError(`IP Address ${JSON.stringify(text)} parse error during conversion from string: unable to parse IP`);
  return new IpValue(bytes);
}

function parseCidr(text: string): CidrValue | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const bytes = parseAddress(address);
  return bytes && Number(length) <= bytes.length * 8 ? new CidrValue(bytes, Number(length)) : undefined;
}

function cidr(text: string): CidrValue {
  const parsed = parseCidr(text);
  if (!parsed) throw new EvalError(`network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): no '/'`);
  return parsed;
}

const family = ({ bytes }: IpValue): bigint => (bytes.length === 4 ? 4n : 6n);
const containsIp = (outer: CidrValue, inner: IpValue): boolean => outer.containsAddress(inner.bytes);
const containsCidr = (outer: CidrValue, inner: CidrValue): boolean => inner.bits >= outer.bits && outer.containsAddress(inner.bytes);

const parsing = { cost: (size: number): number => Math.max(1, stringCost(size)) };
const containing = { cost: (_: number, size: number): number => Math.max(1, stringCost(size) + 1) };

export const network: readonly Overload[] = [
  overload('ip(string): net.IP', ip, parsing),
  overload('isIP(string): bool', (text: string) => parseAddress(text) !== undefined, parsing),
  overload('ip.isCanonical(string): bool', (text: string) => formatAddress(ip(text).bytes) === text, parsing),
  overload('string(net.IP): string', ({ bytes }: IpValue) => formatAddress(bytes), { size: () => 39 }),
  overload('net.IP -> family(): int', family),
  overload('net.IP -> isUnspecified(): bool', ({ bytes }: IpValue) => isUnspecified(bytes)),
  overload('net.IP -> isLoopback(): bool', ({ bytes }: IpValue) => isLoopback(bytes)),
  overload('net.IP -> isLinkLocalMulticast(): bool', ({ bytes }: IpValue) => isLinkLocalMulticast(bytes)),
  overload('net.IP -> isLinkLocalUnicast(): bool', ({ bytes }: IpValue) => isLinkLocalUnicast(bytes)),
  overload('net.IP -> isGlobalUnicast(): bool', ({ bytes }: IpValue) => isGlobalUnicast(bytes)),
  overload('cidr(string): net.CIDR', cidr, parsing),
  overload('isCIDR(string): bool', (text: string) => parseCidr(text) !== undefined, parsing),
  overload('string(net.CIDR): string', ({ text }: CidrValue) => text, { size: () => 43 }),
  overload('net.CIDR -> containsIP(net.IP): bool', containsIp, containing),
  overload('net.CIDR -> containsIP(string): bool', (outer: CidrValue, inner: string) => containsIp(outer, ip(inner)), containing),
  overload('net.CIDR -> containsCIDR(net.CIDR): bool', containsCidr, containing),
  overload('net.CIDR -> containsCIDR(string): bool', (outer: CidrValue, inner: string) => containsCidr(outer, cidr(inner)), containing),
  overload('net.CIDR -> ip(): net.IP', ({ bytes }: CidrValue) => new IpValue(bytes)),
  overload('net.CIDR -> masked(): net.CIDR', ({ bytes, bits }: CidrValue) => new CidrValue(masked(bytes, bits), bits)),
  overload('net.CIDR -> prefixLength(): int', ({ bits }: CidrValue) => BigInt(bits)),
];
