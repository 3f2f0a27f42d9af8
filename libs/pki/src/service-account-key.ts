import { createHash, type KeyObject } from 'node:crypto';

const curves: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** Names a key of service-account tokens as upstream does: base64url of SHA-256 over the public key in DER. */
export function serviceAccountKeyId(publicKey: KeyObject): string {
  return createHash('sha256').update(publicKey.export({ format: 'der', type: 'spki' })).digest('base64url');
}

/** The JWS algorithm that goes with a key. @throws for one that tokens are not signed with */
export function serviceAccountKeyAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const algorithm = asymmetricKeyType === 'ec' ? curves[asymmetricKeyDetails?.namedCurve ?? ''] : asymmetricKeyType === 'rsa' ? 'RS256' : undefined;
  if (algorithm === undefined) throw new Error('keys of service-account tokens are RSA, or EC over P-256, P-384 or P-521');
  return algorithm;
}
