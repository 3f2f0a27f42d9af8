import { createHash, createPrivateKey, createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT, decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';

/** An object that a token lives and dies with. */
export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

/** What a service-account token says, in upstream's private claim `kubernetes.io`. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: BoundObject;
  readonly pod?: BoundObject;
  readonly node?: BoundObject;
  readonly secret?: BoundObject;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiration: Date;
}

export interface VerifiedToken extends TokenSubject {
  readonly audiences: readonly string[];
  /** `JTI=<id>`: a token's own name, for audit and node restriction. */
  readonly credentialId: string | undefined;
}

interface KubernetesClaim {
  readonly namespace?: string;
  readonly serviceaccount?: BoundObject;
  readonly pod?: BoundObject;
  readonly node?: BoundObject;
  readonly secret?: BoundObject;
}

/** Key id as upstream makes it: base64url of SHA-256 over the public key in DER. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256').update(publicKey.export({ format: 'der', type: 'spki' })).digest('base64url');
}

const algorithmOf = (key: KeyObject): string => (key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256');

export interface TokenKeys {
  /** PEM of the key that signs. */
  readonly signingKey: string;
  /** PEMs of all keys whose tokens are accepted, the signing key's own not needed. */
  readonly verificationKeys: readonly string[];
}

/** Signs and verifies service-account tokens (JWT). Knows nothing of whether the named objects still exist. */
export class ServiceAccountTokens {
  readonly #signingKey: KeyObject;
  readonly #signingKeyId: string;
  readonly #keys = new Map<string, KeyObject>();

  constructor(readonly issuer: string, readonly audiences: readonly string[], keys: TokenKeys) {
    this.#signingKey = createPrivateKey(keys.signingKey);
    const publicKey = createPublicKey(this.#signingKey);
    this.#signingKeyId = keyIdOf(publicKey);
    this.#keys.set(this.#signingKeyId, publicKey);
    for (const pem of keys.verificationKeys) {
      const key = createPublicKey(pem);
      this.#keys.set(keyIdOf(key), key);
    }
  }

  get publicKeys(): ReadonlyMap<string, KeyObject> {
    return this.#keys;
  }

  algorithm(key: KeyObject): string {
    return algorithmOf(key);
  }

  /** @param nowSeconds seconds since the epoch */
  async issue(subject: TokenSubject, audiences: readonly string[], lifetimeSeconds: number, nowSeconds: number): Promise<IssuedToken> {
    const { namespace, serviceAccount, pod, node, secret } = subject;
    const claim: KubernetesClaim = {
      namespace,
      ...(node ? { node } : {}),
      ...(pod ? { pod } : {}),
      ...(secret ? { secret } : {}),
      serviceaccount: serviceAccount,
    };
    const expires = nowSeconds + lifetimeSeconds;
    const token = await new SignJWT({ 'kubernetes.io': claim })
      .setProtectedHeader({ alg: algorithmOf(this.#signingKey), kid: this.#signingKeyId })
      .setIssuer(this.issuer)
      .setSubject(`system:serviceaccount:${namespace}:${serviceAccount.name}`)
      .setAudience([...audiences])
      .setIssuedAt(nowSeconds)
      .setNotBefore(nowSeconds)
      .setExpirationTime(expires)
      .setJti(randomUUID())
      .sign(this.#signingKey);
    return { token, expiration: new Date(expires * 1000) };
  }

  /** Undefined for a token of another issuer; throws for one of ours that is not valid. */
  async verify(token: string): Promise<VerifiedToken | undefined> {
    const payload = peek(token);
    if (payload === undefined || payload.iss !== this.issuer) return undefined;
    const { kid } = decodeProtectedHeader(token);
    const key = kid === undefined ? undefined : this.#keys.get(kid);
    if (key === undefined) throw new Error('the token was signed by a key that is not known');
    const verified = await jwtVerify(token, key, { issuer: this.issuer, algorithms: [algorithmOf(key)] });
    const claim = verified.payload['kubernetes.io'] as KubernetesClaim | undefined;
    if (claim?.namespace === undefined || claim.serviceaccount === undefined) throw new Error('the token does not name a service account');
    const audience = verified.payload.aud;
    return {
      namespace: claim.namespace,
      serviceAccount: claim.serviceaccount,
      ...(claim.pod ? { pod: claim.pod } : {}),
      ...(claim.node ? { node: claim.node } : {}),
      ...(claim.secret ? { secret: claim.secret } : {}),
      audiences: audience === undefined ? [] : Array.isArray(audience) ? audience : [audience],
      credentialId: verified.payload.jti === undefined ? undefined : `JTI=${verified.payload.jti}`,
    };
  }
}

/** The claims of a token before it is verified: only to see whose it might be. */
function peek(token: string): JWTPayload | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || parts[1] === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(parts[1], 'base64url').toString()) as JWTPayload;
  } catch {
    return undefined; // not a JWT: some other authenticator's token
  }
}
