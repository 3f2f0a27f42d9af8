import type { authorizationv1 } from '@navarch/api';
import type { Program } from '@navarch/cel';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { AuthorizationAttributes, Decision, User, UserRules } from '../../pipeline';
import { WebhookStatusError } from '../../services/kubeconfig-endpoint';
import type { ReviewVersion, WebhookConfig } from '../authorization-config';
import type { CachedAuthorizer } from '../fresh-authorizer';
import { askingAgain } from './asking-again';
import { selectorAttributes } from './review-requirements';
import { compileReviewConditions, conditionsHold } from './review-conditions';
import { hashedKey, TimedCache } from './timed-cache';
import type { EvaluationResult, WebhookAuthorizerMetrics } from './webhook-authorizer-metrics';

/** Whom a webhook asks: a KubeconfigEndpoint. */
export interface ReviewEndpoint {
  post<T>(body: unknown, timeoutMs: number): Promise<T>;
}

export interface WebhookAuthorizerOptions extends Omit<WebhookConfig, 'kubeConfigFile'> {
  readonly name: string;
}

export interface WebhookAuthorizerDeps {
  readonly endpoint: ReviewEndpoint;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: WebhookAuthorizerMetrics;
}

const entries = 8_192;
const LONGEST_KEPT = 10_000;

type Review = authorizationv1.SubjectAccessReview & { spec: authorizationv1.SubjectAccessReviewSpec };

function reviewOf(user: User, attributes: AuthorizationAttributes): Review {
  const { isResource, verb, path, group, version, resource, subresource, namespace, name } = attributes;
  const resourceAttributes = { verb, group, version, resource, subresource, namespace, name, ...selectorAttributes(attributes) };
  return {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {},
    spec: {
      user: user.name, groups: [...user.groups],
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      ...(user.extra === undefined ? {} : { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) }),
      ...(isResource ? { resourceAttributes } : { nonResourceAttributes: { verb, path } }),
    },
  };
}

/** Who says both has said no. */
function decisionOf({ allowed = false, denied = false, reason = '' }: Partial<authorizationv1.SubjectAccessReviewStatus>): Decision {
  const why = reason === '' ? {} : { reason };
  if (denied) return { verdict: 'deny', ...why, ...(allowed ? { error: 'webhook subject access review returned both allow and deny response' } : {}) };
  return { verdict: allowed ? 'allow' : 'no-opinion', ...why };
}

/** Names, paths and selectors are as long as a client likes; answers to what nobody asks twice would only drive out others. A user may have many groups. */
function isWorthKeeping({ spec: { resourceAttributes, nonResourceAttributes } }: Review): boolean {
  return JSON.stringify(resourceAttributes ?? nonResourceAttributes ?? {}).length < LONGEST_KEPT;
}

function failureOf(error: unknown): EvaluationResult {
  const isLate = (error instanceof Error && error.name === 'TimeoutError') || (error instanceof WebhookStatusError && error.status === 504);
  return isLate ? 'timeout' : 'error';
}

/** As it goes to the webhook: the older version has another name for the groups. */
function wireForm(review: Review, version: ReviewVersion): object {
  if (version === 'v1') return review;
  const { groups, ...spec } = review.spec;
  return { ...review, apiVersion: 'authorization.k8s.io/v1beta1', spec: { ...spec, group: groups } };
}

/** Asks a webhook whether somebody may do something, and remembers what it said (`--authorization-webhook-*`). */
export class WebhookAuthorizer implements CachedAuthorizer {
  readonly name = 'Webhook';
  readonly asksOthers = true;
  readonly #answers: TimedCache<Decision>;
  readonly #conditions: readonly Program[];

  constructor(
    private readonly options: WebhookAuthorizerOptions,
    private readonly deps: WebhookAuthorizerDeps,
  ) {
    this.#answers = new TimedCache(entries, deps.clock);
    this.#conditions = compileReviewConditions(options.matchConditions, 'matchConditions');
  }

  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision> {
    const review = reviewOf(user, attributes);
    const excluded = this.#conditions.length === 0 ? undefined : this.#excluded(review);
    if (excluded) return excluded;
    const key = hashedKey(JSON.stringify(review.spec));
    return this.#answers.get(key) ?? this.#ask(review, key);
  }

  rulesFor(): UserRules {
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError: 'webhook authorizer does not support user rule resolution' };
  }

  /** Undefined: the webhook is to be asked. */
  #excluded({ spec }: Review): Decision | undefined {
    const { name } = this.options;
    const held = conditionsHold(this.#conditions, spec);
    if (held === true) return undefined;
    if (held === false) {
      this.deps.metrics.excluded(name);
      return { verdict: 'no-opinion' };
    }
    this.deps.metrics.undecided(name);
    this.deps.log.warn({ webhook: name, why: held }, 'match conditions of an authorization webhook cannot be evaluated');
    return this.#failed(held);
  }

  #failed(error: string): Decision {
    return { verdict: this.options.failurePolicy === 'Deny' ? 'deny' : 'no-opinion', error };
  }

  async #ask(review: Review, key: string): Promise<Decision> {
    const { name, authorizedTtlMs, unauthorizedTtlMs, failurePolicy } = this.options;
    let decision: Decision;
    try {
      decision = decisionOf(await askingAgain(this.deps.clock, () => this.#askOnce(review)));
    } catch (error) {
      // Unless its policy says that nothing goes without it, whoever else is asked may still allow it.
      if (failurePolicy === 'NoOpinion') this.deps.metrics.passedOver(name, failureOf(error));
      this.deps.log.warn({ err: error, webhook: name }, 'authorization webhook could not be asked');
      return this.#failed(error instanceof Error ? error.message : String(error));
    }
    if (isWorthKeeping(review)) this.#answers.set(key, decision, decision.verdict === 'allow' ? authorizedTtlMs : unauthorizedTtlMs);
    return decision;
  }

  async #askOnce(review: Review): Promise<Partial<authorizationv1.SubjectAccessReviewStatus>> {
    const { name, timeoutMs, reviewVersion } = this.options;
    const started = performance.now();
    let result: EvaluationResult = 'success';
    try {
      const { status = {} } = await this.deps.endpoint.post<{ status?: Partial<authorizationv1.SubjectAccessReviewStatus> }>(wireForm(review, reviewVersion), timeoutMs);
      return status;
    } catch (error) {
      result = failureOf(error);
      throw error;
    } finally {
      this.deps.metrics.asked(name, result, (performance.now() - started) / 1000);
    }
  }
}
