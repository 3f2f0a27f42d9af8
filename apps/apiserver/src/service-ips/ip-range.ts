import { addressAt, familyOf, formatAddress, offsetIn, parseAddress, parseIpRange, rangeCovers, rangeSize, type IpFamily, type IpRange } from '@navarch/apimachinery';

/** A range of Service addresses. Addresses are named by their place in it. */
export interface ServiceRange {
  readonly cidr: string;
  readonly family: IpFamily;
  readonly range: IpRange;
  /** Places in all, those that no Service may have included; of a wide IPv6 range only the first 2^32 are used. */
  readonly size: number;
}

const widest = 2n ** 32n;
const shortestPrefix: Readonly<Record<IpFamily, number>> = { IPv4: 8, IPv6: 64 };

/** Undefined for what is no CIDR, or one too small or too large to be of use. */
export function readServiceRange(cidr: string): ServiceRange | undefined {
  const range = cidr.includes('/') ? parseIpRange(cidr) : undefined;
  const family = familyOf(cidr);
  const spare = range === undefined ? 0 : range.address.length * 8 - range.bits;
  if (range === undefined || spare < 2 || range.bits < shortestPrefix[family]) return undefined;
  const size = rangeSize(range);
  return { cidr, family, range, size: Number(size < widest ? size : widest) };
}

/** @throws for what `readServiceRange` does not take */
export function parseServiceRange(cidr: string): ServiceRange {
  const range = readServiceRange(cidr);
  if (range === undefined) throw new Error(`--service-cluster-ip-range: "${cidr}" is not an IPv4 range between /8 and /30, nor an IPv6 range between /64 and /126`);
  return range;
}

/** One range, or one of each family. The first is the family of Services that do not say. @throws for anything else */
export function parseServiceRanges(text: string): readonly ServiceRange[] {
  const ranges = text.split(',').map((part) => parseServiceRange(part.trim()));
  if (ranges.length > 2 || new Set(ranges.map(({ family }) => family)).size < ranges.length) throw new Error(`--service-cluster-ip-range: "${text}" has more than one range of a family`);
  return ranges;
}

/** The address at a place. */
export const addressIn = ({ range }: ServiceRange, place: number): string => formatAddress(addressAt(range, BigInt(place)));

/** Whether a Service may have the address: in the range, and neither the network's nor, in IPv4, the broadcast address. */
export function contains({ range, family, size }: ServiceRange, address: string): boolean {
  const bytes = parseAddress(address);
  if (bytes === undefined || !rangeCovers(range, { address: bytes, bits: bytes.length * 8 })) return false;
  const place = offsetIn(range, bytes);
  return place > 0n && (family === 'IPv6' || place < BigInt(size) - 1n);
}

/**
 * Where automatic choices begin: the band below is left to those who ask for an address, until nothing else is free. Mirrors
 * upstream's calculateRangeOffset.
 */
export function dynamicOffset(size: number, least: number, step: number, most: number): number {
  const usable = size - 2;
  return usable <= least ? 0 : Math.min(most, Math.max(least, Math.floor(usable / step)));
}

/** Yields numbers from `from` up to, and without, `to`, beginning somewhere at random. */
export function* wandering(from: number, to: number, random: (bound: number) => number): Generator<number> {
  const count = to - from;
  if (count <= 0) return;
  const start = random(count);
  for (let i = 0; i < count; i++) yield from + ((start + i) % count);
}
