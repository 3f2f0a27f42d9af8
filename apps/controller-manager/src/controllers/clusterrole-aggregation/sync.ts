import type { rbacv1 } from '@navarch/api';
import { compareStrings, matchesLabelSelector } from '@navarch/apimachinery';
import { canonicalJson } from '@navarch/reconcile';

/** The rules that a role made of others should have; undefined when it has them. */
export function planAggregation(role: rbacv1.ClusterRole, roles: readonly rbacv1.ClusterRole[]): rbacv1.PolicyRule[] | undefined {
  if (role.aggregationRule === undefined) return undefined;
  // Selector by selector, in order of name, each rule once: any other order would make roles change for nothing.
  const sorted = roles.filter(({ metadata }) => metadata.name !== role.metadata.name).sort((a, b) => compareStrings(a.metadata.name ?? '', b.metadata.name ?? ''));
  const chosen = (role.aggregationRule.clusterRoleSelectors ?? []).flatMap((selector) => sorted.filter(({ metadata }) => matchesLabelSelector(selector, metadata.labels ?? {})));
  const rules = new Map<string, rbacv1.PolicyRule>();
  for (const rule of chosen.flatMap(({ rules: own = [] }) => own)) if (!rules.has(canonicalJson(rule))) rules.set(canonicalJson(rule), rule);
  return canonicalJson([...rules.values()]) === canonicalJson(role.rules ?? []) ? undefined : [...rules.values()];
}
