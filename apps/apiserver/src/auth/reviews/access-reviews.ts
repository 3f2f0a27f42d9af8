import type { KubeObject, authorizationv1 } from '@navarch/api';
import { badRequest } from '@navarch/apimachinery';
import type { AuthorizationAttributes, Authorizer, Decision, User, VirtualCreate } from '../../pipeline';

/** Asks the authorizers in order, as the pipeline does. */
export async function decide(authorizers: readonly Authorizer[], user: User, attributes: AuthorizationAttributes): Promise<Decision> {
  const reasons: string[] = [];
  for (const authorizer of authorizers) {
    const decision = await authorizer.authorize(user, attributes);
    if (decision.verdict !== 'no-opinion') return decision;
    if (decision.reason !== undefined) reasons.push(decision.reason);
  }
  return { verdict: 'no-opinion', ...(reasons.length > 0 ? { reason: reasons.join(', ') } : {}) };
}

type Spec = Pick<authorizationv1.SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

/** The attributes a review asks about. */
export function attributesOf({ resourceAttributes: resource, nonResourceAttributes: path }: Spec): AuthorizationAttributes {
  if ((resource === undefined) === (path === undefined)) throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  return {
    verb: resource?.verb ?? path?.verb ?? '',
    isResource: resource !== undefined,
    path: path?.path ?? '',
    group: resource?.group ?? '',
    version: resource?.version ?? '*',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: resource?.namespace ?? '',
    name: resource?.name ?? '',
    ...(resource?.fieldSelector?.rawSelector !== undefined ? { fieldSelector: resource.fieldSelector.rawSelector } : {}),
    ...(resource?.labelSelector?.rawSelector !== undefined ? { labelSelector: resource.labelSelector.rawSelector } : {}),
  };
}

function statusOf(decision: Decision): authorizationv1.SubjectAccessReviewStatus {
  return {
    allowed: decision.verdict === 'allow',
    ...(decision.verdict === 'deny' ? { denied: true } : {}),
    ...(decision.reason !== undefined ? { reason: decision.reason } : {}),
  };
}

function withStatus<R extends KubeObject>(review: R, status: object): R {
  return { ...review, status };
}

/** Extra keys are compared in lower case, as upstream does. */
function extraOf(extra: Readonly<Record<string, readonly string[]>> | undefined): User['extra'] {
  return extra && Object.fromEntries(Object.entries(extra).map(([key, values]) => [key.toLowerCase(), values]));
}

/** The reviews of authorization.k8s.io: may this one do that? */
export class AccessReviews {
  constructor(private readonly authorizers: readonly Authorizer[]) {}

  readonly subject = async ({ object }: VirtualCreate): Promise<KubeObject> => {
    const review = object as authorizationv1.SubjectAccessReview;
    return withStatus(review, statusOf(await decide(this.authorizers, subjectOf(review.spec), attributesOf(review.spec))));
  };

  readonly local = async ({ object, namespace }: VirtualCreate): Promise<KubeObject> => {
    const review = object as authorizationv1.LocalSubjectAccessReview;
    if (review.spec.resourceAttributes?.namespace !== namespace) throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
    return withStatus(review, statusOf(await decide(this.authorizers, subjectOf(review.spec), attributesOf(review.spec))));
  };

  readonly self = async ({ object, user }: VirtualCreate): Promise<KubeObject> => {
    const review = object as authorizationv1.SelfSubjectAccessReview;
    return withStatus(review, statusOf(await decide(this.authorizers, user, attributesOf(review.spec))));
  };

  readonly rules = ({ object, user }: VirtualCreate): KubeObject => {
    const review = object as authorizationv1.SelfSubjectRulesReview;
    const namespace = review.spec.namespace ?? '';
    if (namespace === '') throw badRequest('no namespace on request');
    const found = this.authorizers.map((authorizer) => authorizer.rulesFor?.(user, namespace)).filter((rules) => rules !== undefined);
    const errors = found.map((rules) => rules.evaluationError).filter((error) => error !== undefined);
    const status: authorizationv1.SubjectRulesReviewStatus = {
      resourceRules: found.flatMap((rules) => rules.resourceRules),
      nonResourceRules: found.flatMap((rules) => rules.nonResourceRules),
      incomplete: found.some((rules) => rules.incomplete),
      ...(errors.length > 0 ? { evaluationError: errors.join(', ') } : {}),
    };
    return withStatus(review, status);
  };
}

function subjectOf(spec: authorizationv1.SubjectAccessReviewSpec): User {
  if ((spec.user ?? '') === '' && (spec.groups?.length ?? 0) === 0) throw badRequest('at least one of user or group must be specified');
  const extra = extraOf(spec.extra);
  return { name: spec.user ?? '', groups: spec.groups ?? [], ...(spec.uid !== undefined ? { uid: spec.uid } : {}), ...(extra ? { extra } : {}) };
}
