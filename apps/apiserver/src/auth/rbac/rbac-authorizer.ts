import { rbac, type rbacv1 } from '@navarch/api';
import type { AuthorizationAttributes, Authorizer, Decision, ObjectReader, User, UserRules } from '../../pipeline';
import { BindingIndex, type Grant } from './binding-index';
import { ruleCovers } from './rule-match';

/** Role-based access control from the cache's Roles, ClusterRoles and their bindings. */
export class RbacAuthorizer implements Authorizer {
  readonly name = 'RBAC';
  readonly #index: BindingIndex;

  constructor(private readonly reader: ObjectReader) {
    this.#index = new BindingIndex(reader);
  }

  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision> {
    const decision = this.#decide(user, attributes);
    if (decision.verdict === 'allow') return decision;
    // A denial may come of a cache that lags behind another apiserver's write: look again after a consistent read (rules 6.2).
    return this.reader.refresh().then(() => this.#decide(user, attributes));
  }

  #decide(user: User, attributes: AuthorizationAttributes): Decision {
    for (const grant of this.#index.grantsFor(user, attributes.isResource ? attributes.namespace : '')) {
      for (const rule of this.#rules(grant)) {
        if (ruleCovers(rule, attributes)) return { verdict: 'allow', reason: `RBAC: allowed by ${grant.description}` };
      }
    }
    return { verdict: 'no-opinion' };
  }

  #rules(grant: Grant): readonly rbacv1.PolicyRule[] {
    const { kind, name } = grant.roleRef;
    const role = kind === 'ClusterRole' ? this.reader.get(rbac.clusterroles, '', name) : this.reader.get(rbac.roles, grant.namespace, name);
    return role?.rules ?? [];
  }

  rulesFor(user: User, namespace: string): UserRules {
    const resourceRules: { verbs: string[]; apiGroups?: string[]; resources?: string[]; resourceNames?: string[] }[] = [];
    const nonResourceRules: { verbs: string[]; nonResourceURLs?: string[] }[] = [];
    for (const grant of this.#index.grantsFor(user, namespace)) {
      for (const rule of this.#rules(grant)) {
        if ((rule.resources?.length ?? 0) > 0) {
          resourceRules.push({
            verbs: rule.verbs,
            ...(rule.apiGroups ? { apiGroups: rule.apiGroups } : {}),
            ...(rule.resources ? { resources: rule.resources } : {}),
            ...(rule.resourceNames ? { resourceNames: rule.resourceNames } : {}),
          });
        }
        // A RoleBinding grants no paths.
        if ((rule.nonResourceURLs?.length ?? 0) > 0 && grant.namespace === '') nonResourceRules.push({ verbs: rule.verbs, ...(rule.nonResourceURLs ? { nonResourceURLs: rule.nonResourceURLs } : {}) });
      }
    }
    return { resourceRules, nonResourceRules, incomplete: false };
  }
}
