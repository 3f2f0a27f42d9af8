import type { KubeObject, authorizationv1, metav1 } from '@navarch/api';
import { badRequest, fieldErrors, FieldPath, invalid, type FieldError } from '@navarch/apimachinery';
import type { AuthorizationAttributes, Authorizer, Decision, User, VirtualCreate } from '../../pipeline';
import { type ReviewSelectors, selectorErrors, selectorsOf } from './review-selectors';

type Spec = Pick<authorizationv1.SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

const spec = FieldPath.of('spec');

/** The attributes a review asks about. */
function attributesOf({ resourceAttributes: resource, nonResourceAttributes: path }: Spec, { fieldSelector, labelSelector }: ReviewSelectors): AuthorizationAttributes {
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
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
}

function attributeErrors({ resourceAttributes, nonResourceAttributes }: Spec): FieldError[] {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined)
    return [fieldErrors.invalid(spec.child('nonResourceAttributes'), nonResourceAttributes, 'cannot be specified in combination with resourceAttributes')];
  if (resourceAttributes === undefined && nonResourceAttributes === undefined)
    return [fieldErrors.invalid(spec.child('resourceAttributes'), null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified')];
  return [];
}

const selectorsErrors = ({ resourceAttributes }: Spec): FieldError[] => (resourceAttributes ? selectorErrors(resourceAttributes, spec.child('resourceAttributes')) : []);

function metadataErrors(metadata: metav1.ObjectMeta, local: boolean): FieldError[] {
  const rest: Record<string, unknown> = { ...metadata };
  delete rest['managedFields'];
  if (local) delete rest['namespace'];
  const given = Object.values(rest).some((value) => value !== undefined && value !== null && value !== '');
  return given ? [fieldErrors.invalid(FieldPath.of('metadata'), metadata, local ? 'must be empty except for namespace' : 'must be empty')] : [];
}

function subjectErrors({ user = '', groups = [] }: authorizationv1.SubjectAccessReviewSpec): FieldError[] {
  return user === '' && groups.length === 0 ? [fieldErrors.invalid(spec.child('user'), user, 'at least one of user or group must be specified')] : [];
}

/** @throws invalid. Upstream's reviews have lost their kind when they are validated, and its text shows it. */
function assertValid(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'authorization.k8s.io', kind: '' }, '', errors);
}

function statusOf(decision: Decision, selectors: ReviewSelectors): authorizationv1.SubjectAccessReviewStatus {
  const { verdict, reason } = decision;
  const errors = [...('error' in decision ? [decision.error] : []), ...selectors.errors];
  return {
    allowed: verdict === 'allow',
    ...(verdict === 'deny' ? { denied: true } : {}),
    ...(reason !== undefined && reason !== '' ? { reason } : {}),
    ...(errors.length > 0 ? { evaluationError: errors.join('; ') } : {}),
  };
}

function subjectOf({ user = '', groups = [], uid, extra }: authorizationv1.SubjectAccessReviewSpec): User {
  return {
    name: user,
    groups,
    ...(uid !== undefined ? { uid } : {}),
    ...(extra ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key.toLowerCase(), values])) } : {}),
  };
}

/** What a review asks; an absent spec asks nothing. */
const specOf = (review: KubeObject): authorizationv1.SubjectAccessReviewSpec => (review as { spec?: authorizationv1.SubjectAccessReviewSpec }).spec ?? {};

/** The reviews of authorization.k8s.io: may this one do that? */
export class AccessReviews {
  constructor(private readonly authorizer: Authorizer) {}

  readonly subject = async ({ object, validate }: VirtualCreate): Promise<KubeObject> => {
    const asked = specOf(object);
    assertValid([...attributeErrors(asked), ...subjectErrors(asked), ...selectorsErrors(asked), ...metadataErrors(object.metadata, false)]);
    await validate();
    return this.#answer(object, subjectOf(asked), asked);
  };

  readonly local = async ({ object, namespace, validate }: VirtualCreate): Promise<KubeObject> => {
    const asked = specOf(object);
    const { resourceAttributes, nonResourceAttributes } = asked;
    if ((object.metadata.namespace ?? namespace) !== namespace) throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
    const errors = [...attributeErrors(asked), ...subjectErrors(asked), ...selectorsErrors(asked), ...metadataErrors(object.metadata, true)];
    if (resourceAttributes !== undefined && (resourceAttributes.namespace ?? '') !== namespace)
      errors.push(fieldErrors.invalid(spec.child('resourceAttributes', 'namespace'), resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
    if (nonResourceAttributes !== undefined) errors.push(fieldErrors.invalid(spec.child('nonResourceAttributes'), nonResourceAttributes, 'disallowed on this kind of request'));
    assertValid(errors);
    await validate();
    return this.#answer(object, subjectOf(asked), asked);
  };

  readonly self = async ({ object, user, validate }: VirtualCreate): Promise<KubeObject> => {
    const asked = specOf(object);
    assertValid([...attributeErrors(asked), ...selectorsErrors(asked), ...metadataErrors(object.metadata, false)]);
    await validate();
    return this.#answer(object, user, asked);
  };

  readonly rules = async ({ object, user, validate }: VirtualCreate): Promise<KubeObject> => {
    const { namespace = '' } = (object as { spec?: authorizationv1.SelfSubjectRulesReviewSpec }).spec ?? {};
    if (namespace === '') throw badRequest('no namespace on request');
    await validate();
    const { resourceRules, nonResourceRules, incomplete, evaluationError } = this.authorizer.rulesFor?.(user, namespace) ?? { resourceRules: [], nonResourceRules: [], incomplete: true };
    const status: authorizationv1.SubjectRulesReviewStatus = {
      resourceRules: [...resourceRules], nonResourceRules: [...nonResourceRules], incomplete, ...(evaluationError === undefined ? {} : { evaluationError }),
    };
    return { ...object, spec: {}, status } as KubeObject;
  };

  async #answer(review: KubeObject, user: User, asked: Spec): Promise<KubeObject> {
    // They may be long: they are read once.
    const selectors = asked.resourceAttributes ? selectorsOf(asked.resourceAttributes) : { errors: [] };
    return { ...review, status: statusOf(await this.authorizer.authorize(user, attributesOf(asked, selectors)), selectors) } as KubeObject;
  }
}
