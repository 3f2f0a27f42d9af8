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

const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' }, secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' }, secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

/** How a key signs: keys of a CA may come from elsewhere. */
export function signingAlgorithm(privateKeyPem: string): { readonly name: string; readonly hash?: string; readonly namedCurve?: string } {
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(privateKeyPem);
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (asymmetricKeyType === 'ed25519') return { name: 'Ed25519' };
  const curve = CURVES[asymmetricKeyDetails?.namedCurve ?? ''];
  if (asymmetricKeyType !== 'ec' || curve === undefined) throw new Error(`no certificate can be signed with a key of type ${asymmetricKeyType ?? 'unknown'}`);
  return { name: 'ECDSA', ...curve };
}

/** Both halves of a key as the certificate library wants them. */
export async function importKeys(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const key = createPrivateKey(privateKeyPem);
  const algorithm = signingAlgorithm(privateKeyPem);
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, true, ['sign']),
    webcrypto.subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), algorithm, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}
