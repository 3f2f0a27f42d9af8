import { unauthorized } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { AuthenticationRequest, Authenticator, RequestNotes, User } from '../../pipeline';
import type { TokenValidator } from '../tokens/token-validator';
import { userOf } from '../tokens/token-validator';
import { KeptNotes } from '../tokens/token-uses';
import { bearerToken } from './bearer-token';

/** A verified token is trusted this long without verifying it again, as upstream's token cache does. */
const cacheMs = 10_000;
const cacheEntries = 4_096;

interface Known {
  readonly user: User;
  readonly notes: KeptNotes;
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
  ) {}

  authenticate(request: AuthenticationRequest): User | undefined | Promise<User | undefined> {
    const token = bearerToken(request);
    if (token === undefined) return undefined;
    const known = this.#known.get(token);
    if (known !== undefined && known.until > this.clock.now()) {
      known.notes.sayTo(request.notes);
      return known.user;
    }
    return this.#verify(token, request.notes);
  }

  async #verify(token: string, asked: RequestNotes | undefined): Promise<User | undefined> {
    const notes = new KeptNotes();
    let verified;
    try {
      verified = await this.validator.validate(token, this.audiences, notes);
    } catch {
      throw unauthorized(); // why is not the caller's business: it could be probing
    } finally {
      notes.sayTo(asked);
    }
    if (verified === undefined) return undefined;
    const user = userOf(verified);
    if (this.#known.size >= cacheEntries) this.#known.clear();
    this.#known.set(token, { user, notes, until: this.clock.now() + cacheMs });
    return user;
  }
}
