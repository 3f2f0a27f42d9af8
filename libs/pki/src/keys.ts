import { createPrivateKey, createPublicKey, generateKeyPair, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** The algorithm of all certificates: small, quick to make, accepted by every client. */
export const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A key pair as PEM: PKCS #8 and SPKI. */
export interface PemKeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes an ECDSA P-256 pair; also what service-account tokens are signed with (ES256). */
export async function generateKeys(): Promise<PemKeyPair> {
  return generate('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
}

/** The public half of a private key, as PEM. */
export function publicKeyOf(privateKeyPem: string): string {
  return createPublicKey(createPrivateKey(privateKeyPem)).export({ type: 'spki', format: 'pem' }).toString();
}

/** Both halves of a P-256 key as the certificate library wants them. */
export async function importKeys(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(privateKeyPem);
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), ECDSA, true, ['sign']),
    webcrypto.subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), ECDSA, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}
