export const headerBytes = 12;
const optType = 41;

/** Where in a message the times to live of its records stand; throws on a message that is cut off. */
export function ttlOffsets(message: Buffer): number[] {
  const questions = message.readUInt16BE(4);
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  let at = headerBytes;
  for (let index = 0; index < questions; index++) at = afterName(message, at) + 4;
  const offsets: number[] = [];
  for (let index = 0; index < records; index++) {
    at = afterName(message, at);
    // EDNS keeps flags where others have their time to live.
    if (message.readUInt16BE(at) !== optType) offsets.push(at + 4);
    at += 10 + message.readUInt16BE(at + 8);
  }
  return offsets;
}

/** Where what follows a name begins. */
export function afterName(message: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if ((length & 0xc0) === 0xc0) return at + 2; // a pointer ends a name
    at += length + 1;
  }
}
