import { formatAddress, masked, parseAddress, sameBits, type AddressBytes } from './address';

export type IpFamily = 'IPv4' | 'IPv6';

/** A network: an address whose bits after the prefix are zero. */
export interface IpRange {
  readonly address: AddressBytes;
  readonly bits: number;
}

/** Family of what is known to be an address or a range. */
export const familyOf = (text: string): IpFamily => (text.includes(':') ? 'IPv6' : 'IPv4');

/** Reads `10.96.0.0/12`, `fd00::/64`, or one address as the range of it alone; undefined for anything else. */
export function parseIpRange(text: string): IpRange | undefined {
  const [, head = '', , digits] = /^([^/]+)(\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(head);
  if (address === undefined) return undefined;
  const bits = digits === undefined ? address.length * 8 : Number(digits);
  return bits > address.length * 8 ? undefined : { address: masked(address, bits), bits };
}

export const formatIpRange = ({ address, bits }: IpRange): string => `${formatAddress(address)}/${bits}`;

/** Whether one range lies in another, or is the same. Ranges of two families never do. */
export function rangeCovers(outer: IpRange, inner: IpRange): boolean {
  return outer.address.length === inner.address.length && outer.bits <= inner.bits && sameBits(outer.address, inner.address, outer.bits);
}

/** Whether an address lies in a range, both as text; false where one of them is neither. */
export function inRange(address: string, range: string): boolean {
  const [inner, outer] = [parseIpRange(address), parseIpRange(range)];
  return inner !== undefined && outer !== undefined && rangeCovers(outer, inner);
}

/** Ranges are nested or apart. */
export const rangesOverlap = (a: IpRange, b: IpRange): boolean => rangeCovers(a, b) || rangeCovers(b, a);

/** How many addresses a range has. */
export const rangeSize = ({ address, bits }: IpRange): bigint => 1n << BigInt(address.length * 8 - bits);

/** The address so many places after a range's first. */
export function addressAt({ address }: IpRange, offset: bigint): AddressBytes {
  return bytesOf(numberOf(address) + offset, address.length);
}

/** How many places an address is after a range's first; negative before it. */
export const offsetIn = (range: IpRange, address: AddressBytes): bigint => numberOf(address) - numberOf(range.address);

const numberOf = (bytes: AddressBytes): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function bytesOf(value: bigint, length: number): AddressBytes {
  return Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn));
}

/** The one right way to write an address; what is no address stays as it is. */
export function canonicalAddress(text: string): string {
  const bytes = parseAddress(text);
  return bytes === undefined ? text : formatAddress(bytes);
}
