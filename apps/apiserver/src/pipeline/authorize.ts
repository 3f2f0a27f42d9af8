import { ApiError, forbidden, goQuote, internalError } from '@navarch/apimachinery';
import type { AuthorizationAttributes, Authorizer, Decision } from './authorizer';
import type { User } from './user';

function message(user: User, attributes: AuthorizationAttributes, reason: string | undefined): string {
  const { verb, resource, subresource, group, namespace, path } = attributes;
  const why = reason ? `: ${reason}` : '';
  if (!attributes.isResource) return `User ${goQuote(user.name)} cannot ${verb} path ${goQuote(path)}${why}`;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuote(namespace)}`;
  return `User ${goQuote(user.name)} cannot ${verb} resource ${goQuote(what)} in API group ${goQuote(group)} ${where}${why}`;
}

/** The 403 for a refused request. */
export function forbiddenFor(user: User, attributes: AuthorizationAttributes, reason: string | undefined): ApiError {
  const text = message(user, attributes, reason);
  if (!attributes.isResource) return new ApiError({ code: 403, reason: 'Forbidden', message: `forbidden: ${text}`, details: {} });
  return forbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, text);
}

/** What a request is answered that nobody has allowed: who could not tell is no reason to say that it is forbidden. */
export function refusalFor(user: User, attributes: AuthorizationAttributes, { reason, error }: Exclude<Decision, { verdict: 'allow' }>): ApiError {
  return error === undefined ? forbiddenFor(user, attributes, reason) : internalError(error);
}

/** What it comes to when nobody has allowed: only the last can have denied. */
function inSum(decisions: readonly Exclude<Decision, { verdict: 'allow' }>[]): Decision {
  const reasons = decisions.map(({ reason }) => reason).filter((reason) => reason);
  const errors = decisions.map(({ error }) => error).filter((error) => error !== undefined);
  return { verdict: decisions.at(-1)?.verdict ?? 'no-opinion', reason: reasons.join('\n'), ...(errors.length === 0 ? {} : { error: errors.join('\n') }) };
}

/** Is told what came of each question. */
export interface AuthorizationObserver {
  authorized(result: Decision['verdict'] | 'error', seconds: number): void;
}

/** Asks authorizers in order; the first with an opinion decides, and no opinion at all is a refusal. */
export class AuthorizerChain implements Authorizer {
  readonly name = 'union';

  constructor(
    private readonly authorizers: readonly Authorizer[],
    private readonly observer?: AuthorizationObserver,
  ) {}

  async authorize(user: User, attributes: AuthorizationAttributes): Promise<Decision> {
    const started = performance.now();
    let result: Decision['verdict'] | 'error' = 'error';
    try {
      const decision = await this.decide(user, attributes);
      result = decision.verdict !== 'allow' && decision.error !== undefined ? 'error' : decision.verdict;
      return decision;
    } finally {
      this.observer?.authorized(result, (performance.now() - started) / 1000);
    }
  }

  private async decide(user: User, attributes: AuthorizationAttributes): Promise<Decision> {
    const others: Exclude<Decision, { verdict: 'allow' }>[] = [];
    for (const authorizer of this.authorizers) {
      const asked = authorizer.authorize(user, attributes);
      const decision = asked instanceof Promise ? await asked : asked;
      if (decision.verdict === 'allow') return decision;
      others.push(decision);
      if (decision.verdict === 'deny') break;
    }
    return inSum(others);
  }

  /** @throws forbidden, internalError */
  async require(user: User, attributes: AuthorizationAttributes): Promise<void> {
    const decision = await this.authorize(user, attributes);
    if (decision.verdict !== 'allow') throw refusalFor(user, attributes, decision);
  }
}
