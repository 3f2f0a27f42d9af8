import { createPrivateKey, createPublicKey } from 'node:crypto';
import { legacyTokenClaims, serviceAccountKeyAlgorithm, serviceAccountKeyId, type LegacyTokenSubject } from '@navarch/pki';
import { SignJWT } from 'jose';

export type TokenSigner = (subject: LegacyTokenSubject) => Promise<string>;

/** Signs tokens that live in Secrets. @throws for a key that is none, or of a kind that tokens are not signed with */
export function tokenSigner(privateKeyPem: string): TokenSigner {
  const key = createPrivateKey(privateKeyPem);
  const publicKey = createPublicKey(key);
  const header = { alg: serviceAccountKeyAlgorithm(publicKey), kid: serviceAccountKeyId(publicKey) };
  return (subject) => new SignJWT({ ...legacyTokenClaims(subject) }).setProtectedHeader(header).sign(key);
}
