import type { AuthorizationAttributes, Decision, User, UserRules } from '../../pipeline';
import { aggregateText } from '../aggregate-text';
import type { CachedAuthorizer } from '../fresh-authorizer';
import { missingRole, type RoleRules } from './role-rules';
import { ruleCovers } from './rule-match';

/** Role-based access control from the cache's Roles, ClusterRoles and their bindings. */
export class RbacAuthorizer implements CachedAuthorizer {
  readonly name = 'RBAC';

  constructor(private readonly roles: RoleRules) {}

  authorize(user: User, attributes: AuthorizationAttributes): Decision {
    let missing: Set<string> | undefined;
    for (const { roleRef, namespace, description } of this.roles.grantsFor(user, attributes.isResource ? attributes.namespace : '')) {
      const rules = this.roles.of(roleRef, namespace);
      if (rules === undefined) (missing ??= new Set()).add(missingRole(roleRef));
      else for (const rule of rules) if (ruleCovers(rule, attributes)) return { verdict: 'allow', reason: `RBAC: allowed by ${description}` };
    }
    return missing ? { verdict: 'no-opinion', reason: `RBAC: ${aggregateText(missing)}` } : { verdict: 'no-opinion' };
  }

  rulesFor(user: User, namespace: string): UserRules {
    const { rules, errors } = this.roles.heldBy(user, namespace);
    return {
      resourceRules: rules.filter(({ resources }) => (resources?.length ?? 0) > 0).map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        ...(apiGroups ? { apiGroups } : {}),
        ...(resources ? { resources } : {}),
        ...(resourceNames ? { resourceNames } : {}),
      })),
      nonResourceRules: rules.filter(({ nonResourceURLs }) => (nonResourceURLs?.length ?? 0) > 0).map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
      incomplete: false,
      ...(errors.length > 0 ? { evaluationError: aggregateText(errors) } : {}),
    };
  }
}
