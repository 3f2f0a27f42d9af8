import { unauthorized } from '@navarch/apimachinery';
import type { Logger } from '@navarch/component-base';
import { decodeJwt, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { AuthenticationRequest, Authenticator, User } from '../../pipeline';
import { bearerToken } from '../authentication/bearer-token';

export interface OidcOptions {
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly usernameClaim: string;
  /** `-` for none; empty: the issuer's URL and `#` for every claim but `email`. */
  readonly usernamePrefix: string;
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
  readonly requiredClaims: Readonly<Record<string, string>>;
  readonly signingAlgorithms: readonly string[];
}

/** ID tokens of an OpenID Connect issuer (`--oidc-*`). */
export class OidcAuthenticator implements Authenticator {
  readonly name = 'oidc';

  constructor(
    private readonly options: OidcOptions,
    private readonly deps: { readonly keys: JWTVerifyGetKey; readonly now: () => number; readonly log: Logger },
  ) {}

  async authenticate(request: AuthenticationRequest): Promise<User | undefined> {
    const token = bearerToken(request);
    if (token === undefined || issuerOf(token) !== this.options.issuerUrl) return undefined;
    const { keys, now, log } = this.deps;
    try {
      const { payload } = await jwtVerify(token, keys, { issuer: this.options.issuerUrl, audience: this.options.clientId, algorithms: [...this.options.signingAlgorithms], currentDate: new Date(now()) });
      return this.#userOf(payload);
    } catch (error) {
      log.debug({ err: error }, 'oidc token refused');
      throw unauthorized();
    }
  }

  /** @throws when a claim that must be there is not */
  #userOf(payload: JWTPayload): User {
    const { usernameClaim, groupsClaim, groupsPrefix, requiredClaims } = this.options;
    const name = payload[usernameClaim];
    if (typeof name !== 'string' || name === '') throw new Error(`oidc: no claim ${usernameClaim}`);
    if (usernameClaim === 'email' && payload['email_verified'] === false) throw new Error('oidc: email not verified');
    for (const [claim, value] of Object.entries(requiredClaims)) if (payload[claim] !== value) throw new Error(`oidc: required claim ${claim} value does not match`);
    const groups = groupsClaim === '' ? [] : [payload[groupsClaim] ?? []].flat().filter((group) => typeof group === 'string');
    return { name: `${this.#prefix()}${name}`, groups: groups.map((group) => `${groupsPrefix}${group}`) };
  }

  #prefix(): string {
    const { usernamePrefix, usernameClaim, issuerUrl } = this.options;
    if (usernamePrefix === '-') return '';
    return usernamePrefix !== '' || usernameClaim === 'email' ? usernamePrefix : `${issuerUrl}#`;
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
