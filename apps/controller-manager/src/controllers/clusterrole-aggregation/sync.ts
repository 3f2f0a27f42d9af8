import type { rbacv1 } from '@navarch/api';
import { compareStrings, matchesLabelSelector } from '@navarch/apimachinery';
import { canonicalJson } from '@navarch/reconcile';

/** The rules that a role made of others should have; undefined when it has them. */
export function planAggregation(role: rbacv1.ClusterRole, roles: readonly rbacv1.ClusterRole[]): rbacv1.PolicyRule[] | undefined {
  if (role.aggregationRule === undefined) return undefined;
  const chosen = new Set<rbacv1.ClusterRole>();
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    for (const candidate of roles) if (candidate.metadata.name !== role.metadata.name && matchesLabelSelector(selector, candidate.metadata.labels ?? {})) chosen.add(candidate);
  }
  // In order of name, each rule once: any other order would make roles change for nothing.
  const sorted = [...chosen].sort((a, b) => compareStrings(a.metadata.name ?? '', b.metadata.name ?? ''));
  const rules = new Map(sorted.flatMap(({ rules: own = [] }) => own).map((rule) => [canonicalJson(rule), rule]));
  return canonicalJson([...rules.values()]) === canonicalJson(role.rules ?? []) ? undefined : [...rules.values()];
}
