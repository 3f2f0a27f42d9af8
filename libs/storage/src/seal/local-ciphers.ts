import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { secretbox as box } from 'tweetnacl';
import { type Transformer, transformerName } from './transformer';

const nonceBytes = 12;
const tagBytes = 16;
const ivBytes = 16;
const macBytes = 32;

/** AES-GCM: nonce, ciphertext, tag. The key is additional data. */
export function sealGcm(secret: Buffer, key: string, plain: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(gcmOf(secret), secret, nonce).setAAD(Buffer.from(key));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws for anything that was not sealed with the secret under this key */
export function openGcm(secret: Buffer, key: string, sealed: Buffer): Buffer {
  if (sealed.length < nonceBytes + tagBytes) throw new Error('the stored data was shorter than the required size');
  const tagAt = sealed.length - tagBytes;
  const decipher = createDecipheriv(gcmOf(secret), secret, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(Buffer.from(key));
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, tagAt)), decipher.final()]);
  } catch (error) {
    throw notAuthentic(error);
  }
}

function gcmOf(secret: Buffer): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  return `aes-${secret.length === 16 ? 128 : secret.length === 24 ? 192 : 256}-gcm`;
}

/** AES-GCM with a key of 16, 24 or 32 bytes. */
export function aesgcm(name: string, secret: Buffer): Transformer {
  return local(transformerName('aesgcm:v1', name), (key, plain) => sealGcm(secret, key, plain), (key, sealed) => openGcm(secret, key, sealed));
}

/**
 * AES-CBC: initialisation vector, ciphertext, and over both and the key an HMAC, without which CBC would neither notice changes
 * nor be bound to the key. Both keys are derived from the secret.
 */
export function aescbc(name: string, secret: Buffer): Transformer {
  const bits = secret.length * 8;
  const derived = (use: string, bytes: number): Buffer => Buffer.from(hkdfSync('sha256', secret, '', `navarch aescbc ${use}`, bytes));
  const [cipherKey, macKey] = [derived('encryption', secret.length), derived('authentication', 32)];
  const macOf = (key: string, body: Buffer): Buffer => createHmac('sha256', macKey).update(`${Buffer.byteLength(key)} ${key}`).update(body).digest();
  return local(transformerName('aescbc:v1', name), (key, plain) => {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(`aes-${bits}-cbc`, cipherKey, iv);
    const body = Buffer.concat([iv, cipher.update(plain), cipher.final()]);
    return Buffer.concat([body, macOf(key, body)]);
  }, (key, sealed) => {
    if (sealed.length < ivBytes * 2 + macBytes) throw new Error('the stored data was shorter than the required size');
    const body = sealed.subarray(0, sealed.length - macBytes);
    if (!timingSafeEqual(macOf(key, body), sealed.subarray(body.length))) throw notAuthentic();
    const decipher = createDecipheriv(`aes-${bits}-cbc`, cipherKey, body.subarray(0, ivBytes));
    return Buffer.concat([decipher.update(body.subarray(ivBytes)), decipher.final()]);
  });
}

/** XSalsa20 and Poly1305 with a secret of 32 bytes: nonce, box. It knows no additional data, so that each key has a secret of its own. */
export function secretbox(name: string, secret: Buffer): Transformer {
  const secretOf = (key: string): Buffer => createHmac('sha256', secret).update(key).digest();
  return local(transformerName('secretbox:v1', name), (key, plain) => {
    const nonce = randomBytes(box.nonceLength);
    return Buffer.concat([nonce, box(plain, nonce, secretOf(key))]);
  }, (key, sealed) => {
    if (sealed.length < box.nonceLength + box.overheadLength) throw new Error('the stored data was shorter than the required size');
    const opened = box.open(sealed.subarray(box.nonceLength), sealed.subarray(0, box.nonceLength), secretOf(key));
    if (!opened) throw notAuthentic();
    return Buffer.from(opened.buffer, opened.byteOffset, opened.length);
  });
}

function local(name: string, seal: (key: string, plain: Buffer) => Buffer, open: (key: string, sealed: Buffer) => Buffer): Transformer {
  return { name, mark: name, markOf: () => name, seal, open };
}

function notAuthentic(cause?: unknown): Error {
  return new Error('message authentication failed', { cause });
}
