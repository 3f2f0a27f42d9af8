import { fromSeed, type KeyPair } from '@nats-io/jwt';
import { createPrivateKey, sign } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** What PKCS #8 puts before an Ed25519 seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
/** A seed's text holds two bytes of prefix, the seed, and two of checksum. */
const SEED_AT = 2;
const SEED_BYTES = 32;

/** The key pair of a NATS seed, with Node's own arithmetic for signatures: in JavaScript each takes tens of milliseconds. */
export function nativeKeyPair(seed: string): KeyPair {
  const pair = fromSeed(Buffer.from(seed));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, fromBase32(seed).subarray(SEED_AT, SEED_AT + SEED_BYTES)]), format: 'der', type: 'pkcs8' });
  const publicKey = pair.getPublicKey();
  return {
    getPublicKey: () => publicKey,
    getPrivateKey: () => pair.getPrivateKey(),
    getSeed: () => pair.getSeed(),
    sign: (input) => sign(null, input, key),
    verify: (input, signature) => pair.verify(input, signature),
    seal: (input, recipient, nonce) => pair.seal(input, recipient, nonce),
    open: (input, sender) => pair.open(input, sender),
    clear: () => pair.clear(),
  };
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    value = ((value << 5) | ALPHABET.indexOf(character)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >>> bits) & 0xff);
    }
  }
  return Buffer.from(bytes);
}
