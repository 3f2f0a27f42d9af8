import { unauthorized } from '@navarch/apimachinery';
import type { Logger } from '@navarch/component-base';
import { createHash } from 'node:crypto';
import { decodeJwt, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { Histogram, type Registry } from 'prom-client';
import type { AuthenticationRequest, Authenticator, User } from '../../pipeline';
import { bearerToken } from '../authentication/bearer-token';
import type { CompiledIssuer } from './compiled-issuer';
import { withDistributed } from './distributed-claims';
import type { JwtIssuer } from './jwt-issuer';

export interface JwtDeps {
  /** Finds the keys of an issuer. */
  readonly keysOf: (issuer: JwtIssuer) => JWTVerifyGetKey;
  /** Asks for the token of a distributed claim, in the way in which its issuer is asked. */
  readonly askForClaim: (issuer: JwtIssuer, endpoint: string, accessToken: string) => Promise<string>;
  readonly now: () => number;
  readonly log: Logger;
  readonly metrics: Registry;
}

interface Known {
  readonly compiled: CompiledIssuer;
  readonly hash: string;
  /** Of the issuer, and of those that speak for claims of its tokens. */
  readonly keys: Map<string, JWTVerifyGetKey>;
}

/** A token may be that new by the clock of its issuer, as upstream's library grants; nothing is granted to one that is over. */
const NOT_BEFORE_LEEWAY_SECONDS = 300;

/** Upstream's. */
const latencyBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** Bearer tokens of the issuers that are trusted at the time. */
export class JwtAuthenticator implements Authenticator {
  readonly name = 'oidc';
  private readonly latency: Histogram;
  private issuers: ReadonlyMap<string, Known> = new Map();

  constructor(private readonly deps: JwtDeps, issuers: readonly CompiledIssuer[]) {
    this.latency = new Histogram({
      name: 'apiserver_authentication_jwt_authenticator_latency_seconds',
      help: 'How long it took to tell whose a token is, by issuer.',
      labelNames: ['result', 'jwt_issuer_hash'],
      buckets: latencyBuckets,
      registers: [deps.metrics],
    });
    this.use(issuers);
  }

  /** From now on these are trusted, and no others. */
  use(issuers: readonly CompiledIssuer[]): void {
    this.issuers = new Map(issuers.map((compiled) => {
      const { url } = compiled.issuer;
      return [url, { compiled, keys: new Map([[url, this.deps.keysOf(compiled.issuer)]]), hash: `sha256:${createHash('sha256').update(url).digest('hex')}` }];
    }));
  }

  async authenticate(request: AuthenticationRequest): Promise<User | undefined> {
    const token = bearerToken(request);
    const known = token === undefined ? undefined : this.issuers.get(issuerOf(token) ?? '');
    if (token === undefined || !known) return undefined;
    const { compiled: { issuer, userOf }, hash } = known;
    const started = performance.now();
    const took = (result: 'failure' | 'success'): void => this.latency.observe({ result, jwt_issuer_hash: hash }, (performance.now() - started) / 1000);
    try {
      const user = userOf(await this.claimsOf(token, known));
      took('success');
      return user;
    } catch (error) {
      took('failure');
      this.deps.log.debug({ err: error, issuer: issuer.url }, 'token refused');
      throw unauthorized();
    }
  }

  private async claimsOf(token: string, known: Known): Promise<JWTPayload> {
    const { issuer } = known.compiled;
    const claims = await this.verify(token, issuer.url, known);
    if (!issuer.groups || !('claim' in issuer.groups)) return claims;
    // Of the groups alone upstream lets others speak, and of those that no expression makes.
    return withDistributed(claims, issuer.groups.claim, {
      ask: (endpoint, accessToken) => this.deps.askForClaim(issuer, endpoint, accessToken),
      verify: (other, url) => this.verify(other, url, known),
    });
  }

  /** @throws for a token that is not of the issuer at `url`, not for this server, or over */
  private async verify(token: string, url: string, { compiled: { issuer }, keys: known }: Known): Promise<JWTPayload> {
    const { now, keysOf } = this.deps;
    const keys = known.get(url) ?? keysOf({ ...issuer, url, discoveryUrl: undefined });
    known.set(url, keys);
    const { payload } = await jwtVerify(token, keys, {
      issuer: url,
      audience: [...issuer.audiences],
      algorithms: [...issuer.algorithms],
      currentDate: new Date(now()),
      clockTolerance: NOT_BEFORE_LEEWAY_SECONDS,
      requiredClaims: ['exp'],
    });
    const expiresMs = (payload.exp ?? 0) * 1000;
    if (expiresMs <= now()) throw new Error(`oidc: token is expired (Token Expiry: ${new Date(expiresMs).toISOString()})`);
    return payload;
  }
}

/** Undefined for what is no JWT at all: then it is a token of another kind. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
