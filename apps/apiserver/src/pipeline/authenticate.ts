import { unauthorized } from '@navarch/apimachinery';
import type { AuthenticationRequest, Authenticator } from './authenticator';
import { anonymous, GROUP_AUTHENTICATED, type User } from './user';

function authenticated(user: User): User {
  return user.groups.includes(GROUP_AUTHENTICATED) ? user : { ...user, groups: [...user.groups, GROUP_AUTHENTICATED] };
}

/** Is told what came of each attempt; `error`: credentials were there, and wrong. */
export interface AuthenticationObserver {
  authenticated(name: string, seconds: number): void;
  unauthenticated(result: 'error' | 'failure', seconds: number): void;
}

/** Whether a request without credentials is served, by its path; gRPC calls have none. */
export type AnonymousRule = (path: string | undefined) => boolean;

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** Asks authenticators in order; the first that knows the credentials decides. */
export class AuthenticatorChain {
  constructor(
    private readonly authenticators: readonly Authenticator[],
    private readonly allowAnonymous: AnonymousRule,
    private readonly observer?: AuthenticationObserver,
  ) {}

  /** @throws unauthorized when credentials are wrong, or absent and anonymous requests are off */
  async authenticate(request: AuthenticationRequest): Promise<User> {
    const { observer } = this;
    const started = performance.now();
    let refusal: unknown;
    for (const authenticator of this.authenticators) {
      try {
        const found = authenticator.authenticate(request);
        const user = found instanceof Promise ? await found : found;
        if (!user) continue;
        observer?.authenticated(user.name, secondsSince(started));
        return authenticated(user);
      } catch (error) {
        // Another kind of credentials in the same request may still be right.
        refusal ??= error;
      }
    }
    // A token nobody knows is a mistake, not an anonymous request.
    if (refusal === undefined && request.authorization === undefined && this.allowAnonymous(request.path)) {
      observer?.authenticated(anonymous.name, secondsSince(started));
      return anonymous;
    }
    observer?.unauthenticated(refusal === undefined ? 'failure' : 'error', secondsSince(started));
    throw unauthorized('Unauthorized');
  }
}
