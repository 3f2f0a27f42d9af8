import type { flowcontrolv1 } from '@navarch/api';
import type { AuthorizationAttributes, User } from '../pipeline';

type Schema = flowcontrolv1.FlowSchema;
export type SchemaRules = flowcontrolv1.PolicyRulesWithSubjects;

const includes = (values: readonly string[] | undefined, value: string): boolean => values?.some((one) => one === '*' || one === value) ?? false;

function subjectMatches({ kind, user, group, serviceAccount }: flowcontrolv1.Subject, { name, groups }: User): boolean {
  switch (kind) {
    case 'User':
      return user?.name === '*' || user?.name === name;
    case 'Group':
      return group?.name === '*' || groups.includes(group?.name ?? '');
    case 'ServiceAccount':
      if (serviceAccount?.name === '*') return name.startsWith(`system:serviceaccount:${serviceAccount.namespace}:`);
      return name === `system:serviceaccount:${serviceAccount?.namespace ?? ''}:${serviceAccount?.name ?? ''}`;
    default:
      return false;
  }
}

function resourceMatches(
  { verbs, apiGroups, resources, clusterScope, namespaces }: flowcontrolv1.ResourcePolicyRule,
  { verb, group, resource, subresource, namespace }: AuthorizationAttributes,
): boolean {
  const named = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    includes(verbs, verb) &&
    includes(apiGroups, group) &&
    includes(resources, named) &&
    (namespace === '' ? clusterScope === true : includes(namespaces, namespace))
  );
}

function pathMatches({ verbs, nonResourceURLs }: flowcontrolv1.NonResourcePolicyRule, { verb, path }: AuthorizationAttributes): boolean {
  return includes(verbs, verb) && nonResourceURLs.some((url) => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))));
}

/** Those of a FlowSchema's rules that are about what a user asks. */
export const rulesFor = ({ spec }: Schema, user: User): SchemaRules[] => spec?.rules?.filter(({ subjects }) => subjects.some((subject) => subjectMatches(subject, user))) ?? [];

/** Whether one of the rules about a user is about a request. */
export function rulesMatch(rules: readonly SchemaRules[], attributes: AuthorizationAttributes): boolean {
  return rules.some(({ resourceRules, nonResourceRules }) =>
    (attributes.isResource ? resourceRules?.some((rule) => resourceMatches(rule, attributes)) : nonResourceRules?.some((rule) => pathMatches(rule, attributes))) === true);
}

/** What tells the flows of one schema apart. */
export function distinguisherOf({ spec }: Schema, user: User, { namespace }: AuthorizationAttributes): string {
  const type = spec?.distinguisherMethod?.type;
  return type === 'ByUser' ? user.name : type === 'ByNamespace' ? namespace : '';
}
