import { dns1123SubdomainMessages, fieldErrors, FieldPath, pathSegmentNameMessages } from '@navarch/apimachinery';
import type { rbacv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { pathSegmentName } from '../validation/name-rules';
import { type Findings, present, refuse } from '../validation/rules';
import { isFaulty, selectorFaults } from '../validation/selector-faults';
import { rbacGroup } from './defaults';

type Rule = Loose<rbacv1.PolicyRule>;
type Binding = Loose<rbacv1.RoleBinding>;

function validateRule(rule: Rule, namespaced: boolean, path: FieldPath, found: Findings): void {
  const counts = { apiGroups: list(rule.apiGroups).length, resources: list(rule.resources).length, names: list(rule.resourceNames).length };
  if (list(rule.verbs).length === 0) found.push(fieldErrors.required(path.child('verbs'), 'verbs must contain at least one value'));
  if (list(rule.nonResourceURLs).length > 0) {
    const at = path.child('nonResourceURLs');
    if (namespaced) found.push(fieldErrors.invalid(at, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (counts.apiGroups > 0 || counts.resources > 0 || counts.names > 0)
      found.push(fieldErrors.invalid(at, rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
    return;
  }
  if (counts.apiGroups === 0) found.push(fieldErrors.required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (counts.resources === 0) found.push(fieldErrors.required(path.child('resources'), 'resource rules must supply at least one resource'));
}

const roleRules = (namespaced: boolean): ContentRules =>
  contentRules<Loose<rbacv1.ClusterRole>>({
    name: pathSegmentName,
    content({ rules, aggregationRule }, old) {
      const found: Findings = [];
      list(rules).forEach((rule, i) => validateRule(rule, namespaced, FieldPath.of('rules').index(i), found));
      if (aggregationRule) {
        const path = FieldPath.of('aggregationRule', 'clusterRoleSelectors');
        const selectors = list(aggregationRule.clusterRoleSelectors);
        if (selectors.length === 0) found.push(fieldErrors.required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
        selectors.forEach((selector, i) => {
          found.push(...selectorFaults(selector, path.index(i), list(old?.aggregationRule?.clusterRoleSelectors)));
          if (isFaulty(selector)) found.push(fieldErrors.invalid(path.index(i), null, 'invalid label selector.'));
        });
      }
      return found;
    },
  });

function validateSubject({ kind = '', name = '', namespace = '', apiGroup = '' }: Loose<rbacv1.Subject>, namespaced: boolean, path: FieldPath, found: Findings): void {
  present(name, path.child('name'), found);
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') refuse(dns1123SubdomainMessages(name), name, path.child('name'), found);
      if (apiGroup !== '') found.push(fieldErrors.notSupported(path.child('apiGroup'), apiGroup, ['']));
      if (!namespaced && namespace === '') found.push(fieldErrors.required(path.child('namespace')));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== rbacGroup) found.push(fieldErrors.notSupported(path.child('apiGroup'), apiGroup, [rbacGroup]));
      break;
    default:
      found.push(fieldErrors.notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
}

const bindingRules = (kinds: readonly string[], namespaced: boolean): ContentRules =>
  contentRules<Binding>({
    name: pathSegmentName,
    content({ roleRef, subjects }) {
      const found: Findings = [];
      const path = FieldPath.of('roleRef');
      const { apiGroup = '', kind = '', name = '' } = roleRef ?? {};
      if (apiGroup !== rbacGroup) found.push(fieldErrors.notSupported(path.child('apiGroup'), apiGroup, [rbacGroup]));
      if (!kinds.includes(kind)) found.push(fieldErrors.notSupported(path.child('kind'), kind, kinds));
      if (present(name, path.child('name'), found)) refuse(pathSegmentNameMessages(name), name, path.child('name'), found);
      list(subjects).forEach((subject, i) => validateSubject(subject, namespaced, FieldPath.of('subjects').index(i), found));
      return found;
    },
    change: ({ roleRef }, { roleRef: old }) => (semanticEqual(roleRef, old) ? [] : [fieldErrors.invalid(FieldPath.of('roleRef'), roleRef ?? null, 'cannot change roleRef')]),
  });

/** By `<group>/<kind>`. */
export const rbacValidation: Readonly<Record<string, ContentRules>> = {
  [`${rbacGroup}/ClusterRole`]: roleRules(false),
  [`${rbacGroup}/ClusterRoleBinding`]: bindingRules(['ClusterRole'], false),
  [`${rbacGroup}/Role`]: roleRules(true),
  [`${rbacGroup}/RoleBinding`]: bindingRules(['Role', 'ClusterRole'], true),
};
