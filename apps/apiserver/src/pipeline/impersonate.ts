import type { AuthorizerChain } from './authorize';
import { forbiddenFor } from './authorize';
import type { AuthorizationAttributes } from './authorizer';
import type { WantedUser } from './impersonation-headers';
import { impersonationModes, type ImpersonationMode, type ModeCheck } from './impersonation-modes';
import { ANONYMOUS_NAME, GROUP_AUTHENTICATED, GROUP_UNAUTHENTICATED, type User } from './user';

/** A user that a caller may act as. */
export interface Impersonated {
  readonly user: User;
  /** The verb that allowed it, for the audit; absent for the plain `impersonate`. */
  readonly constraint?: string;
}

/** Callers whose last way is remembered: a way that fails is a check on fresh data. */
const REMEMBERED = 1024;

function withImpliedGroup(name: string, groups: readonly string[]): readonly string[] {
  const implied = name === ANONYMOUS_NAME ? GROUP_UNAUTHENTICATED : GROUP_AUTHENTICATED;
  return groups.includes(implied) || groups.includes(GROUP_UNAUTHENTICATED) ? groups : [...groups, implied];
}

/**
 * Decides who may act as whom: by the modes of constrained impersonation, which also look at what is to be done, and by the plain
 * verb `impersonate`. Mirrors staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation.
 */
export class Impersonation {
  private readonly lastModes = new Map<string, number>();

  constructor(private readonly authorizer: AuthorizerChain) {}

  /** @param attributes what the caller wants to do as the other. @throws forbidden as the first mode that applies refuses it */
  async impersonate(caller: User, wanted: WantedUser, attributes: AuthorizationAttributes): Promise<Impersonated> {
    const last = this.lastModes.get(caller.name);
    const order = [...impersonationModes.keys()];
    if (last !== undefined) order.unshift(...order.splice(last, 1));
    let refusal: unknown;
    for (const index of order) {
      const mode = impersonationModes[index];
      if (!mode?.applies(wanted, caller)) continue;
      const refused = await this.refusalOf(mode, caller, wanted, attributes);
      if (refused) {
        refusal ??= refused;
        continue;
      }
      this.remember(caller.name, index);
      const { name, uid, extra } = wanted;
      const user: User = { name, groups: withImpliedGroup(name, mode.groupsOf(wanted)), ...(uid === '' ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) };
      return { user, ...(mode.constraint === undefined ? {} : { constraint: mode.constraint }) };
    }
    throw refusal;
  }

  private async refusalOf(mode: ImpersonationMode, caller: User, wanted: WantedUser, attributes: AuthorizationAttributes): Promise<Error | undefined> {
    for (const check of mode.checks(wanted, attributes)) {
      const refused = await this.refused(mode.asWhom(caller), check);
      if (refused) return refused;
    }
    return undefined;
  }

  private async refused(caller: User, { asked, insteadOf, flaw }: ModeCheck): Promise<Error | undefined> {
    if (flaw !== undefined) return forbiddenFor(caller, asked, flaw);
    const { verdict, reason } = await this.authorizer.authorize(caller, asked);
    if (verdict === 'allow') return undefined;
    // One wildcard for many values: without it each of them counts.
    if (insteadOf === undefined) return forbiddenFor(caller, asked, reason);
    for (const one of insteadOf) {
      const refused = await this.refused(caller, one);
      if (refused) return refused;
    }
    return undefined;
  }

  private remember(name: string, mode: number): void {
    const [oldest] = this.lastModes.keys();
    if (this.lastModes.size >= REMEMBERED && oldest !== undefined) this.lastModes.delete(oldest);
    this.lastModes.set(name, mode);
  }
}
