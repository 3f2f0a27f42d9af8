import { SeriesCounter } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { AuthorizationAttributes, Decision, User, UserRules } from '../pipeline';
import type { AbacPolicy } from './abac/policy-file';
import type { AuthorizerType } from './authorization-config';
import type { CachedAuthorizer } from './fresh-authorizer';

/** An authorizer as flags or a file name it; the policies of ABAC are in a file of their own, which only flags name. */
export interface NamedAuthorizer {
  readonly type: AuthorizerType | 'ABAC';
  readonly name: string;
  /** For type Webhook. */
  readonly webhook?: CachedAuthorizer;
  /** For type ABAC. */
  readonly policies?: readonly AbacPolicy[];
}

/** Counts what each authorizer has decided. */
export class AuthorizerMetrics {
  private readonly decisions: SeriesCounter;

  constructor(registry: Registry) {
    this.decisions = new SeriesCounter({
      name: 'apiserver_authorization_decisions_total',
      help: 'Questions that an authorizer has decided, by its type and name.',
      labelNames: ['type', 'name', 'decision'],
      registers: [registry],
    });
  }

  counting({ type, name }: NamedAuthorizer, authorizer: CachedAuthorizer): CachedAuthorizer {
    const allowed = this.decisions.labels({ type, name, decision: 'allowed' });
    const denied = this.decisions.labels({ type, name, decision: 'denied' });
    const counted = (decision: Decision): Decision => {
      if (decision.verdict === 'allow') allowed.inc();
      else if (decision.verdict === 'deny') denied.inc();
      return decision;
    };
    return {
      name: authorizer.name,
      ...(authorizer.asksOthers === undefined ? {} : { asksOthers: authorizer.asksOthers }),
      authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision> {
        const decision = authorizer.authorize(user, attributes);
        return decision instanceof Promise ? decision.then(counted) : counted(decision);
      },
      ...(authorizer.rulesFor
        ? {
            rulesFor: (user: User, namespace: string): UserRules =>
              authorizer.rulesFor?.(user, namespace) ?? { resourceRules: [], nonResourceRules: [], incomplete: true },
          }
        : {}),
    };
  }
}
