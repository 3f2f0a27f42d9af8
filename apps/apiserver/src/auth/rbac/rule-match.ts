import type { rbacv1 } from '@navarch/api';
import type { AuthorizationAttributes } from '../../pipeline';

/** Whether one RBAC rule covers a request; wildcards as upstream's rbac/v1 evaluation helpers. */
export function ruleCovers(rule: rbacv1.PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!hasOrStar(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResource) return (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, attributes.path));
  if (!hasOrStar(rule.apiGroups, attributes.group)) return false;
  if (!resourceCovers(rule.resources, attributes.resource, attributes.subresource)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(attributes.name);
}

function hasOrStar(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(wanted));
}

function resourceCovers(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (resources === undefined) return false;
  if (resources.includes('*')) return true;
  if (subresource === '') return resources.includes(resource);
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

/** `*`, an exact path, or a prefix that ends in `*`. */
export function urlCovers(url: string, path: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}
