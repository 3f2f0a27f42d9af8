import { sameBits, type AddressBytes } from '@navarch/apimachinery';

export { formatAddress, masked, parseAddress, sameBits, type AddressBytes } from '@navarch/apimachinery';

const startsWith = (bytes: AddressBytes, prefix: AddressBytes, bits: number): boolean => bytes.length === prefix.length && sameBits(bytes, prefix, bits);

const zero = (length: number): AddressBytes => Array.from({ length }, () => 0);

export const isUnspecified = (bytes: AddressBytes): boolean => bytes.every((byte) => byte === 0);
export const isLoopback = (bytes: AddressBytes): boolean => (bytes.length === 4 ? bytes[0] === 127 : bytes[15] === 1 && startsWith(bytes, zero(16), 120));
export const isLinkLocalMulticast = (bytes: AddressBytes): boolean => (bytes.length === 4 ? startsWith(bytes, [224, 0, 0, 0], 24) : bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 2);
export const isLinkLocalUnicast = (bytes: AddressBytes): boolean => (bytes.length === 4 ? startsWith(bytes, [169, 254, 0, 0], 16) : startsWith(bytes, [0xfe, 0x80, ...zero(14)], 10));

export function isGlobalUnicast(bytes: AddressBytes): boolean {
  const multicast = bytes.length === 4 ? (bytes[0] ?? 0) >> 4 === 0xe : bytes[0] === 0xff;
  return !multicast && !isUnspecified(bytes) && !isLoopback(bytes) && !isLinkLocalUnicast(bytes) && !(bytes.length === 4 && bytes.every((byte) => byte === 255));
}
