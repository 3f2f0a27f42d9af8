/** An IPv4 network, as numbers. */
export interface IpRange {
  readonly cidr: string;
  /** The network's own address, which is no host's. */
  readonly base: number;
  /** Addresses in all, network and broadcast included. */
  readonly size: number;
}

export function parseIPv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatIPv4(value: number): string {
  return [value / 0x1000000, value / 0x10000, value / 0x100, value].map((part) => Math.floor(part) & 0xff).join('.');
}

/** @throws for what is no IPv4 CIDR, or one too small to be of use */
export function parseRange(cidr: string): IpRange {
  const [address = '', bits = ''] = cidr.split('/');
  const value = parseIPv4(address);
  const length = Number(bits);
  if (value === undefined || !/^\d{1,2}$/.test(bits) || length < 8 || length > 30) throw new Error(`--service-cluster-ip-range: "${cidr}" is not an IPv4 range between /8 and /30`);
  const size = 2 ** (32 - length);
  return { cidr, base: value - (value % size), size };
}

/** Whether a Service may have the address: in the range, and neither the network's nor the broadcast address. */
export function contains({ base, size }: IpRange, address: number): boolean {
  return address > base && address < base + size - 1;
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
