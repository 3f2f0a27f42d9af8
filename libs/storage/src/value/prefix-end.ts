/** The first key after all keys with a prefix: the end of its range. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last--) {
    const byte = end[last] ?? 0;
    if (byte < 0xff) {
      end[last] = byte + 1;
      return end.subarray(0, last + 1);
    }
  }
  return Buffer.from([0]); // no such key: to the end of the key space
}
