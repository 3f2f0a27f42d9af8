/** An address as bytes: 4 or 16 of them. */
export type AddressBytes = readonly number[];

/** Undefined for what is no address. Zones, leading zeros and IPv4 in IPv6 are none, as in upstream's library. */
export function parseAddress(text: string): AddressBytes | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): AddressBytes | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined;
  return parts.map(Number);
}

function parseV6(text: string): AddressBytes | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => 0), ...(tail ?? [])];
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]);
  // ::ffff:1.2.3.4 would be another way to write an IPv4 address.
  return bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff ? undefined : bytes;
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) ? groups.map((group) => parseInt(group, 16)) : undefined;
}

/** The one right way to write an address: RFC 5952 for IPv6. */
export function formatAddress(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** Whether the first bits of two addresses agree. */
export function sameBits(a: AddressBytes, b: AddressBytes, bits: number): boolean {
  for (let i = 0; i * 8 < bits; i++) {
    const kept = Math.min(8, bits - i * 8);
    if ((a[i] ?? 0) >> (8 - kept) !== (b[i] ?? 0) >> (8 - kept)) return false;
  }
  return true;
}

/** An address with all bits after the prefix zero. */
export function masked(bytes: AddressBytes, bits: number): AddressBytes {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - i * 8))) & 0xff);
}
