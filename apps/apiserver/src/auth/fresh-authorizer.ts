import type { AuthorizationAttributes, Authorizer, Decision, ObjectReader, User, UserRules } from '../pipeline';
import { aggregateText } from './aggregate-text';

/** An authorizer that decides by the cache as it is now (or by asking somebody), and says what it knows of a user's rules. */
export interface CachedAuthorizer {
  readonly name: string;
  /** It decides by what somebody else answers, which fresh data does not change. */
  readonly asksOthers?: boolean;
  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision>;
  rulesFor?(user: User, namespace: string): UserRules;
}

/** What those without an opinion have said; and what those who ask others have been told, since these are not asked twice. */
class Heard {
  readonly #reasons: string[] = [];
  readonly #errors: string[] = [];
  #told: Map<CachedAuthorizer, Decision> | undefined;

  /** For another round. */
  again(): Heard {
    const next = new Heard();
    next.#told = this.#told;
    return next;
  }

  tell(authorizer: CachedAuthorizer): Decision | undefined {
    return this.#told?.get(authorizer);
  }

  /** Undefined: ask the next. */
  weigh(decision: Decision, authorizer: CachedAuthorizer): Decision | undefined {
    if (authorizer.asksOthers === true) (this.#told ??= new Map<CachedAuthorizer, Decision>()).set(authorizer, decision);
    if (decision.verdict !== 'no-opinion') return decision;
    if (decision.reason !== undefined) this.#reasons.push(decision.reason);
    if (decision.error !== undefined) this.#errors.push(decision.error);
    return undefined;
  }

  get nothing(): Decision {
    return { verdict: 'no-opinion', ...(this.#reasons.length === 0 ? {} : { reason: this.#reasons.join('\n') }), ...(this.#errors.length === 0 ? {} : { error: aggregateText(this.#errors) }) };
  }
}

/**
 * Asks the authorizers in order; the first that allows or denies decides. Before it refuses it asks once more on fresh data: a
 * cache may lag behind another apiserver's write (rules 6.2). Whoever asks others, as a webhook does, is not asked again: what it said
 * came from no cache, and one that has just failed would hold up the request as long again.
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
    const heard = new Heard();
    const decision = this.#decide(user, attributes, 0, heard);
    if (decision instanceof Promise) return decision.then((decided) => this.#confirm(decided, user, attributes, heard));
    return this.#confirm(decision, user, attributes, heard);
  }

  #confirm(decision: Decision, user: User, attributes: AuthorizationAttributes, heard: Heard): Decision | Promise<Decision> {
    return decision.verdict === 'allow' ? decision : this.reader.refresh().then(() => this.#decide(user, attributes, 0, heard.again()));
  }

  /** Synchronous as long as nobody has to be waited for: it is on the path of every request. */
  #decide(user: User, attributes: AuthorizationAttributes, from: number, heard: Heard): Decision | Promise<Decision> {
    const { authorizers } = this;
    for (let at = from; at < authorizers.length; at++) {
      const authorizer = authorizers[at] as CachedAuthorizer;
      const decision = heard.tell(authorizer) ?? authorizer.authorize(user, attributes);
      if (decision instanceof Promise) return decision.then((decided) => heard.weigh(decided, authorizer) ?? this.#decide(user, attributes, at + 1, heard));
      const weighed = heard.weigh(decision, authorizer);
      if (weighed) return weighed;
    }
    return heard.nothing;
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
