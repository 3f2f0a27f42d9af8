import { unauthorized } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { Counter, type Registry } from 'prom-client';
import type { AuthenticationRequest, Authenticator, User } from '../../pipeline';
import type { TokenValidator } from '../tokens/token-validator';
import { userOf } from '../tokens/token-validator';
import { bearerToken } from './bearer-token';

/** A verified token is trusted this long without verifying it again, as upstream's token cache does. */
const cacheMs = 10_000;
const cacheEntries = 4_096;

/** Is told of each token that was found good; a stale one lives on only because its life was extended: its reader has never fetched another. */
export type TokenUse = (stale: boolean) => void;

/** Counts them by upstream's names. */
export function countingTokens(registry: Registry): TokenUse {
  const registers = [registry];
  const valid = new Counter({ name: 'serviceaccount_valid_tokens_total', help: 'Tokens of service accounts that were found good.', registers });
  const stale = new Counter({ name: 'serviceaccount_stale_tokens_total', help: 'Those that should have been fetched anew.', registers });
  return (isStale) => {
    valid.inc();
    if (isStale) stale.inc();
  };
}

interface Known {
  readonly user: User;
  readonly until: number;
}

/** Bearer tokens of service accounts whose audience is the API server. */
export class ServiceAccountAuthenticator implements Authenticator {
  readonly name = 'serviceaccount';
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly validator: TokenValidator,
    private readonly audiences: readonly string[],
    private readonly clock: Clock,
    private readonly onUsed: TokenUse = () => undefined,
  ) {}

  authenticate(request: AuthenticationRequest): User | undefined | Promise<User | undefined> {
    const token = bearerToken(request);
    if (token === undefined) return undefined;
    const known = this.#known.get(token);
    if (known !== undefined && known.until > this.clock.now()) return known.user;
    return this.#verify(token);
  }

  async #verify(token: string): Promise<User | undefined> {
    let verified;
    try {
      verified = await this.validator.validate(token, this.audiences);
    } catch {
      throw unauthorized(); // why is not the caller's business: it could be probing
    }
    if (verified === undefined) return undefined;
    this.onUsed(verified.staleSeconds !== undefined);
    const user = userOf(verified);
    if (this.#known.size >= cacheEntries) this.#known.clear();
    this.#known.set(token, { user, until: this.clock.now() + cacheMs });
    return user;
  }
}
