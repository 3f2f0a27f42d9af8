import type { AuthorizationAttributes, Decision, User, UserRules } from '../../pipeline';
import type { CachedAuthorizer } from '../fresh-authorizer';
import type { AbacPolicy } from './policy-file';

const READING: readonly string[] = ['get', 'list', 'watch'];

/** Whoever a policy names by user and by group has to be both; a policy that names nobody is nobody's. */
function isSubject({ user, group }: AbacPolicy, who: User): boolean {
  if (user === '' && group === '') return false;
  return (user === '' || user === '*' || user === who.name) && (group === '' || group === '*' || who.groups.includes(group));
}

const isOr = (wanted: string, given: string): boolean => wanted === '*' || wanted === given;

function coversPath({ nonResourcePath: wanted }: AbacPolicy, path: string): boolean {
  return isOr(wanted, path) || (wanted.endsWith('*') && path.startsWith(wanted.replace(/\*+$/, '')));
}

function covers(policy: AbacPolicy, asked: AuthorizationAttributes): boolean {
  if (policy.readonly && !READING.includes(asked.verb)) return false;
  if (!asked.isResource) return coversPath(policy, asked.path);
  return isOr(policy.namespace, asked.namespace) && isOr(policy.resource, asked.resource) && isOr(policy.apiGroup, asked.group);
}

/** Access by policies of a file, which is read at the start (`--authorization-policy-file`). Mirrors pkg/auth/authorizer/abac. */
export class AbacAuthorizer implements CachedAuthorizer {
  readonly name = 'ABAC';

  constructor(private readonly policies: readonly AbacPolicy[]) {}

  authorize(user: User, attributes: AuthorizationAttributes): Decision {
    const isAllowed = this.policies.some((policy) => isSubject(policy, user) && covers(policy, attributes));
    return isAllowed ? { verdict: 'allow' } : { verdict: 'no-opinion', reason: 'No policy matched.' };
  }

  rulesFor(user: User, namespace: string): UserRules {
    const own = this.policies.filter((policy) => isSubject(policy, user) && isOr(policy.namespace, namespace));
    const verbs = ({ readonly }: AbacPolicy): string[] => (readonly ? [...READING] : ['*']);
    return {
      resourceRules: own.filter(({ resource }) => resource !== '').map((policy) => ({ verbs: verbs(policy), apiGroups: [policy.apiGroup], resources: [policy.resource] })),
      nonResourceRules: own.filter(({ nonResourcePath }) => nonResourcePath !== '').map((policy) => ({ verbs: verbs(policy), nonResourceURLs: [policy.nonResourcePath] })),
      incomplete: false,
    };
  }
}
