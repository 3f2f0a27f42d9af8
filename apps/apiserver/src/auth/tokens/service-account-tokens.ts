import { createPrivateKey, createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { serviceAccountKeyAlgorithm, serviceAccountKeyId } from '@navarch/pki';
import { SignJWT, compactVerify, decodeProtectedHeader, errors, type JWTPayload } from 'jose';
import { aggregateText } from '../aggregate-text';
import { quotedList } from '../rbac/rule-covers';

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
  /** With a pod: where it runs. Alone: what the token lives and dies with. */
  readonly node?: BoundObject;
  readonly secret?: BoundObject;
}

export interface TokenTerms {
  readonly audiences: readonly string[];
  readonly lifetimeSeconds: number;
  /** The client asked for a shorter life, and got more time to learn to reload the token. */
  readonly warnAfterSeconds?: number;
  readonly nowMs: number;
}

export interface VerifiedToken extends TokenSubject {
  /** Those of its audiences that were asked for. */
  readonly audiences: readonly string[];
  /** `JTI=<id>`: a token's own name, for audit and node restriction. */
  readonly credentialId: string | undefined;
  /** For a token whose life was extended: when its reader should fetch another, in seconds. */
  readonly warnAfter?: number;
}

export interface IssuedToken {
  readonly token: string;
  /** The same as `VerifiedToken.credentialId`. */
  readonly credentialId: string;
}

const credentialIdOf = (tokenId: string): string => `JTI=${tokenId}`;

interface KubernetesClaim {
  readonly namespace?: string;
  readonly node?: BoundObject;
  readonly pod?: BoundObject;
  readonly secret?: BoundObject;
  readonly serviceaccount?: BoundObject;
  readonly warnafter?: number;
}

/** Clocks of clients and servers may differ this much. */
const leewaySeconds = 60;

export interface TokenKeys {
  /** PEM of the key that signs. */
  readonly signingKey: string;
  /** PEMs of all keys whose tokens are accepted, the signing key's own not needed. */
  readonly verificationKeys: readonly string[];
  /** Whose tokens are accepted besides this issuer's, by the same keys: what it was called before. */
  readonly formerIssuers?: readonly string[];
}

/** Signs and verifies service-account tokens (JWT). Knows nothing of whether the named objects still exist. */
export class ServiceAccountTokens {
  readonly #signingKey: KeyObject;
  readonly #signingKeyId: string;
  readonly #issuers: ReadonlySet<string>;
  readonly #keys = new Map<string, KeyObject>();

  /** @param audiences of the API server: those of a token that names none */
  constructor(readonly issuer: string, readonly audiences: readonly string[], keys: TokenKeys) {
    this.#issuers = new Set([issuer, ...(keys.formerIssuers ?? [])]);
    this.#signingKey = createPrivateKey(keys.signingKey);
    const publicKey = createPublicKey(this.#signingKey);
    this.#signingKeyId = serviceAccountKeyId(publicKey);
    this.#keys.set(this.#signingKeyId, publicKey);
    for (const pem of keys.verificationKeys) {
      const key = createPublicKey(pem);
      this.#keys.set(serviceAccountKeyId(key), key);
    }
    for (const key of this.#keys.values()) serviceAccountKeyAlgorithm(key);
  }

  get publicKeys(): ReadonlyMap<string, KeyObject> {
    return this.#keys;
  }

  algorithm(key: KeyObject): string {
    return serviceAccountKeyAlgorithm(key);
  }

  async issue(subject: TokenSubject, { audiences, lifetimeSeconds, warnAfterSeconds, nowMs }: TokenTerms): Promise<IssuedToken> {
    const now = Math.floor(nowMs / 1000);
    const { namespace, serviceAccount, pod, node, secret } = subject;
    const claim: KubernetesClaim = {
      namespace,
      ...(node ? { node } : {}),
      ...(pod ? { pod } : {}),
      ...(secret ? { secret } : {}),
      serviceaccount: serviceAccount,
      ...(warnAfterSeconds === undefined ? {} : { warnafter: now + warnAfterSeconds }),
    };
    const id = randomUUID();
    const token = await new SignJWT({ 'kubernetes.io': claim })
      .setProtectedHeader({ alg: serviceAccountKeyAlgorithm(this.#signingKey), kid: this.#signingKeyId })
      .setIssuer(this.issuer)
      .setSubject(`system:serviceaccount:${namespace}:${serviceAccount.name}`)
      .setAudience([...audiences])
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + lifetimeSeconds)
      .setJti(id)
      .sign(this.#signingKey);
    return { token, credentialId: credentialIdOf(id) };
  }

  /** Undefined for a token of another issuer. @throws with upstream's text for one of ours that is not valid for any of the audiences, now */
  async verify(token: string, wanted: readonly string[], nowMs: number): Promise<VerifiedToken | undefined> {
    const claims = unverifiedClaims(token);
    if (claims?.iss === undefined || !this.#issuers.has(claims.iss)) return undefined;
    await this.verifySignature(token);
    const named = [claims.aud ?? []].flat();
    const offered = named.length === 0 ? this.audiences : named;
    const audiences = offered.filter((audience) => wanted.includes(audience));
    if (audiences.length === 0) throw new Error(`token audiences ${quotedList(offered)} is invalid for the target audiences ${quotedList(wanted)}`);
    if (claims.exp !== undefined && claims.exp + leewaySeconds < nowMs / 1000) throw new Error('service account token has expired');
    if (claims.nbf !== undefined && claims.nbf - leewaySeconds > nowMs / 1000) throw new Error('service account token is not valid yet');
    const claim = claims['kubernetes.io'] as KubernetesClaim | undefined;
    if (claim?.namespace === undefined || claim.serviceaccount === undefined) throw new Error('service account token claims could not be validated due to unexpected private claim');
    return {
      namespace: claim.namespace,
      serviceAccount: claim.serviceaccount,
      ...(claim.pod ? { pod: claim.pod } : {}),
      ...(claim.node ? { node: claim.node } : {}),
      ...(claim.secret ? { secret: claim.secret } : {}),
      audiences,
      credentialId: claims.jti === undefined ? undefined : credentialIdOf(claims.jti),
      ...(claim.warnafter === undefined ? {} : { warnAfter: claim.warnafter }),
    };
  }

  /** By the key that the token names, or any if it names none that is known. @throws with upstream's text when none has signed it */
  async verifySignature(token: string): Promise<void> {
    const { kid, alg } = decodeProtectedHeader(token);
    const named = kid === undefined ? undefined : this.#keys.get(kid);
    const failures: string[] = [];
    for (const key of named === undefined ? this.#keys.values() : [named]) {
      try {
        await compactVerify(token, key, { algorithms: [serviceAccountKeyAlgorithm(key)] });
        return;
      } catch (error) {
        if (error instanceof errors.JWSSignatureVerificationFailed) failures.push('go-jose/go-jose: error in cryptographic primitive');
        else if (error instanceof errors.JOSEError) failures.push(`go-jose/go-jose: unexpected signature algorithm ${JSON.stringify(alg ?? '')}`);
        else throw error;
      }
    }
    throw new Error(aggregateText(failures));
  }
}

/** The claims of a token before it is verified. Undefined for what is no JWT: some other authenticator's token. */
export function unverifiedClaims(token: string): JWTPayload | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString()) as JWTPayload | null;
    return typeof claims === 'object' && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}
