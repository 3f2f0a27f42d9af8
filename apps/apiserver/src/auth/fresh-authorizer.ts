import type { AuthorizationAttributes, Authorizer, Decision, ObjectReader, User, UserRules } from '../pipeline';
import { aggregateText } from './aggregate-text';

/** An authorizer that decides by the cache as it is now (or by asking somebody), and says what it knows of a user's rules. */
export interface CachedAuthorizer {
  readonly name: string;
  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision>;
  rulesFor?(user: User, namespace: string): UserRules;
}

/**
 * Asks the authorizers in order; the first that allows or denies decides. Before it refuses it asks once more on fresh data: a
 * cache may lag behind another apiserver's write (rules 6.2).
 */
export class FreshAuthorizer implements Authorizer {
  readonly name = 'fresh';

  constructor(
    private authorizers: readonly CachedAuthorizer[],
    private readonly reader: Pick<ObjectReader, 'refresh'>,
  ) {}

  /** From now on these are asked. */
  use(authorizers: readonly CachedAuthorizer[]): void {
    this.authorizers = authorizers;
  }

  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision> {
    const decision = this.#decide(user, attributes, 0, []);
    if (decision instanceof Promise) return decision.then((decided) => this.#confirm(decided, user, attributes));
    return this.#confirm(decision, user, attributes);
  }

  #confirm(decision: Decision, user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision> {
    return decision.verdict === 'allow' ? decision : this.reader.refresh().then(() => this.#decide(user, attributes, 0, []));
  }

  /** Synchronous as long as nobody has to be waited for: it is on the path of every request. */
  #decide(user: User, attributes: AuthorizationAttributes, from: number, reasons: string[]): Decision | Promise<Decision> {
    const { authorizers } = this;
    for (let at = from; at < authorizers.length; at++) {
      const decision = authorizers[at]?.authorize(user, attributes);
      if (decision instanceof Promise) return decision.then((decided) => this.#weigh(decided, reasons) ?? this.#decide(user, attributes, at + 1, reasons));
      const weighed = decision && this.#weigh(decision, reasons);
      if (weighed) return weighed;
    }
    return reasons.length === 0 ? { verdict: 'no-opinion' } : { verdict: 'no-opinion', reason: reasons.join('\n') };
  }

  #weigh(decision: Decision, reasons: string[]): Decision | undefined {
    if (decision.verdict !== 'no-opinion') return decision;
    if (decision.reason !== undefined) reasons.push(decision.reason);
    return undefined;
  }

  rulesFor(user: User, namespace: string): UserRules {
    const found = this.authorizers.map((authorizer) => authorizer.rulesFor?.(user, namespace)).filter((rules) => rules !== undefined);
    const errors = found.map((rules) => rules.evaluationError).filter((error) => error !== undefined);
    return {
      resourceRules: found.flatMap((rules) => rules.resourceRules),
      nonResourceRules: found.flatMap((rules) => rules.nonResourceRules),
      incomplete: found.some((rules) => rules.incomplete),
      ...(errors.length > 0 ? { evaluationError: aggregateText(errors) } : {}),
    };
  }
}
