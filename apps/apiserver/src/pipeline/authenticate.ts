import { unauthorized } from '@navarch/apimachinery';
import type { AuthenticationRequest, Authenticator } from './authenticator';
import { anonymous, GROUP_AUTHENTICATED, type User } from './user';

function authenticated(user: User): User {
  return user.groups.includes(GROUP_AUTHENTICATED) ? user : { ...user, groups: [...user.groups, GROUP_AUTHENTICATED] };
}

/** Asks authenticators in order; the first that knows the credentials decides. */
export class AuthenticatorChain {
  constructor(
    private readonly authenticators: readonly Authenticator[],
    private readonly allowAnonymous: boolean,
  ) {}

  /** @throws unauthorized when credentials are wrong, or absent and anonymous requests are off */
  async authenticate(request: AuthenticationRequest): Promise<User> {
    let refusal: unknown;
    for (const authenticator of this.authenticators) {
      try {
        const found = authenticator.authenticate(request);
        const user = found instanceof Promise ? await found : found;
        if (user) return authenticated(user);
      } catch (error) {
        // Another kind of credentials in the same request may still be right.
        refusal ??= error;
      }
    }
    if (refusal !== undefined) throw unauthorized('Unauthorized');
    // A token nobody knows is a mistake, not an anonymous request.
    if (request.authorization !== undefined || !this.allowAnonymous) throw unauthorized('Unauthorized');
    return anonymous;
  }
}
