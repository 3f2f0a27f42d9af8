import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, rbacv1 } from '@navarch/api';
import { goQuote, notFound } from '@navarch/apimachinery';
import { aggregateText } from '../auth/aggregate-text';
import { describeRules, quotedList, uncovered } from '../auth/rbac/rule-covers';
import type { RoleRules } from '../auth/rbac/role-rules';
import { GROUP_MASTERS, type AdmissionAttributes, type AdmissionPlugin, type Authorizer, type ObjectReader, type WriteSort } from '../pipeline';
import { refused } from './refused';

const rbacGroup = 'rbac.authorization.k8s.io';
const fullAuthority: readonly rbacv1.PolicyRule[] = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }];

export interface RbacEscalationDeps {
  readonly roles: RoleRules;
  readonly authorizer: Authorizer;
  readonly reader: Pick<ObjectReader, 'refresh'>;
}

type Role = rbacv1.ClusterRole | rbacv1.Role;

/**
 * Nobody grants by a role or a binding what they do not hold themselves, unless they may `escalate` the role or `bind` it. Upstream
 * has no plug-in of this name: it does so in the registry (pkg/registry/rbac, policybased).
 */
export class RbacEscalation implements AdmissionPlugin {
  readonly name = 'RBACEscalation';

  constructor(private readonly deps: RbacEscalationDeps) {}

  handles({ operation, group, subresource }: WriteSort): boolean {
    return group === rbacGroup && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE');
  }

  applies({ user }: AdmissionAttributes): boolean {
    return !user.groups.includes(GROUP_MASTERS);
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { resource, object, oldObject } = attributes;
    if (object === undefined || (oldObject !== undefined && onlyForGarbageCollection(object, oldObject))) return;
    if (resource === 'roles' || resource === 'clusterroles') await this.#role(attributes, object, oldObject);
    else if (resource === 'rolebindings' || resource === 'clusterrolebindings') await this.#binding(attributes, (object as rbacv1.RoleBinding).roleRef);
  }

  async #role(attributes: AdmissionAttributes, role: Role, old: Role | undefined): Promise<void> {
    const { operation, resource, name } = attributes;
    // The name of a new object is not part of its request.
    if (await this.#may(attributes, 'escalate', resource, operation === 'CREATE' ? '' : name)) return;
    await this.#requireHeld(attributes, role.rules ?? []);
    // An aggregation gathers whatever comes to bear its labels: only who may do all may let it.
    if ((aggregates(role) || aggregates(old)) && (await this.#missing(attributes, fullAuthority)).length > 0) {
      throw refused(attributes, 'must have cluster-admin privileges to use the aggregationRule');
    }
  }

  async #binding(attributes: AdmissionAttributes, roleRef: rbacv1.RoleRef): Promise<void> {
    const { roles, reader } = this.deps;
    const resource = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
    if (await this.#may(attributes, 'bind', resource, roleRef.name)) return;
    let rules = roles.of(roleRef, attributes.namespace);
    if (rules === undefined) {
      await reader.refresh();
      rules = roles.of(roleRef, attributes.namespace);
    }
    if (rules === undefined) throw notFound({ group: rbacGroup, resource }, roleRef.name);
    await this.#requireHeld(attributes, rules);
  }

  async #may({ user, namespace }: AdmissionAttributes, verb: string, resource: string, name: string): Promise<boolean> {
    const asked = { verb, isResource: true, path: '', group: rbacGroup, version: '*', resource, subresource: '', namespace, name };
    return (await this.deps.authorizer.authorize(user, asked)).verdict === 'allow';
  }

  async #missing({ user, namespace }: AdmissionAttributes, wanted: readonly rbacv1.PolicyRule[]): Promise<rbacv1.PolicyRule[]> {
    const { roles, reader } = this.deps;
    const missing = uncovered(roles.heldBy(user, namespace).rules, wanted);
    if (missing.length === 0) return missing;
    await reader.refresh(); // rules 6.2
    return uncovered(roles.heldBy(user, namespace).rules, wanted);
  }

  async #requireHeld(attributes: AdmissionAttributes, wanted: readonly rbacv1.PolicyRule[]): Promise<void> {
    const missing = await this.#missing(attributes, wanted);
    if (missing.length === 0) return;
    const { user, namespace } = attributes;
    const { errors } = this.deps.roles.heldBy(user, namespace);
    const why = `user ${goQuote(user.name)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${describeRules(missing)}`;
    throw refused(attributes, errors.length === 0 ? why : `${why}; resolution errors: [${aggregateText(errors)}]`);
  }
}

const aggregates = (role: Role | undefined): boolean => role !== undefined && 'aggregationRule' in role && (role.aggregationRule.clusterRoleSelectors?.length ?? 0) > 0;

/** A controller that looks after owners and finalizers need not hold what the role grants. */
function onlyForGarbageCollection(object: KubeObject, old: KubeObject): boolean {
  return isDeepStrictEqual(withoutOwnership(object), withoutOwnership(old));
}

function withoutOwnership({ metadata, ...rest }: KubeObject): object {
  const kept: Record<string, unknown> = { ...metadata };
  for (const field of ['ownerReferences', 'finalizers', 'managedFields', 'resourceVersion', 'selfLink']) delete kept[field];
  return { ...rest, metadata: kept };
}
