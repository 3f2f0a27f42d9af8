import type { authorizationv1 } from '@navarch/api';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { AuthorizationAttributes, Decision, User, UserRules } from '../../pipeline';
import type { CachedAuthorizer } from '../fresh-authorizer';
import { TimedCache } from './timed-cache';

/** Whom a webhook asks: a KubeconfigEndpoint. */
export interface ReviewEndpoint {
  post<T>(body: unknown, timeoutMs: number): Promise<T>;
}

export interface WebhookAuthorizerOptions {
  readonly allowedTtlMs: number;
  readonly deniedTtlMs: number;
}

const timeoutMs = 30_000;
const entries = 8_192;

function reviewOf(user: User, attributes: AuthorizationAttributes): authorizationv1.SubjectAccessReview {
  const { isResource, verb, path, group, version, resource, subresource, namespace, name } = attributes;
  return {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {},
    spec: {
      user: user.name, groups: [...user.groups],
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      ...(user.extra === undefined ? {} : { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) }),
      ...(isResource ? { resourceAttributes: { verb, group, version, resource, subresource, namespace, name } } : { nonResourceAttributes: { verb, path } }),
    },
  };
}

/** Asks a webhook whether somebody may do something, and remembers what it said (`--authorization-webhook-*`). */
export class WebhookAuthorizer implements CachedAuthorizer {
  readonly name = 'Webhook';
  readonly #answers: TimedCache<Decision>;

  constructor(
    private readonly options: WebhookAuthorizerOptions,
    private readonly deps: { readonly endpoint: ReviewEndpoint; readonly clock: Clock; readonly log: Logger },
  ) {
    this.#answers = new TimedCache(entries, deps.clock);
  }

  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision> {
    const review = reviewOf(user, attributes);
    const key = JSON.stringify(review.spec);
    return this.#answers.get(key) ?? this.#ask(review, key);
  }

  rulesFor(): UserRules {
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError: 'webhook authorizer does not support user rule resolution' };
  }

  async #ask(review: authorizationv1.SubjectAccessReview, key: string): Promise<Decision> {
    const { endpoint, log } = this.deps;
    let status: Partial<authorizationv1.SubjectAccessReviewStatus>;
    try {
      ({ status = {} } = await endpoint.post<{ status?: typeof status }>(review, timeoutMs));
    } catch (error) {
      // Whoever else is asked may still allow it; by itself it allows nothing.
      log.warn({ err: error }, 'authorization webhook could not be asked');
      return { verdict: 'no-opinion', reason: 'the authorization webhook could not be asked' };
    }
    const why = status.reason === undefined || status.reason === '' ? {} : { reason: status.reason };
    const decision: Decision = status.allowed === true ? { verdict: 'allow', ...why } : { verdict: status.denied === true ? 'deny' : 'no-opinion', ...why };
    this.#answers.set(key, decision, decision.verdict === 'allow' ? this.options.allowedTtlMs : this.options.deniedTtlMs);
    return decision;
  }
}
