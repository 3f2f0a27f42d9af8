import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** First byte of a user's public nkey; it makes the text start with U. */
const USER_PREFIX = 20 << 3;
const KEY_BYTES = 32;

/**
 * A NATS user's key that never leaves the process. Node signs with it: the NATS library would do the curve arithmetic
 * in JavaScript, in tens of milliseconds.
 */
export class UserKey {
  readonly publicKey: string;
  readonly #key: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.#key = privateKey;
    this.publicKey = userNkey(publicKey.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES));
  }

  /** Proves that this process holds the key: what a NATS server wants of its challenge. */
  sign(challenge: string): string {
    return sign(null, Buffer.from(challenge), this.#key).toString('base64url');
  }
}

/** As NATS writes a user's key: prefix, key and checksum in base 32. */
export function userNkey(key: Uint8Array): string {
  const body = Buffer.concat([Buffer.from([USER_PREFIX]), key]);
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc16(body));
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of Buffer.concat([body, checksum])) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31] ?? '';
    value &= (1 << bits) - 1;
  }
  return text + (bits > 0 ? (ALPHABET[(value << (5 - bits)) & 31] ?? '') : '');
}

/** CRC-16 as XMODEM has it. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
