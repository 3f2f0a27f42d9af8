import type { flowcontrolv1 } from '@navarch/api';
import type { AuthorizationAttributes, User } from '../pipeline';

type Schema = flowcontrolv1.FlowSchema;

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

/** Whether a FlowSchema is about a request. */
export function schemaMatches({ spec }: Schema, user: User, attributes: AuthorizationAttributes): boolean {
  return spec?.rules?.some(({ subjects, resourceRules, nonResourceRules }) => subjects.some((subject) => subjectMatches(subject, user))
    && (attributes.isResource ? resourceRules?.some((rule) => resourceMatches(rule, attributes)) : nonResourceRules?.some((rule) => pathMatches(rule, attributes))) === true) ?? false;
}

/** What tells the flows of one schema apart. */
export function distinguisherOf({ spec }: Schema, user: User, { namespace }: AuthorizationAttributes): string {
  const type = spec?.distinguisherMethod?.type;
  return type === 'ByUser' ? user.name : type === 'ByNamespace' ? namespace : '';
}
