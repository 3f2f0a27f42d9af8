import type { rbacv1 } from '@navarch/api';

const sameRule = (a: rbacv1.PolicyRule, b: rbacv1.PolicyRule): boolean => canonical(a) === canonical(b);

function canonical(rule: rbacv1.PolicyRule): string {
  const sorted = (values: readonly string[] | undefined): string => [...(values ?? [])].sort().join(',');
  return [rule.verbs, rule.apiGroups, rule.resources, rule.resourceNames, rule.nonResourceURLs].map(sorted).join('|');
}

/** The existing role with the default rules, labels and aggregation it lacks; undefined if it lacks nothing. What users added stays. */
export function reconciledClusterRole(existing: rbacv1.ClusterRole, wanted: rbacv1.ClusterRole): rbacv1.ClusterRole | undefined {
  const labels = { ...wanted.metadata.labels, ...existing.metadata.labels };
  const labelsMissing = Object.keys(labels).length !== Object.keys(existing.metadata.labels ?? {}).length;
  // The rules of an aggregated role belong to the aggregation controller.
  if (wanted.aggregationRule !== undefined) {
    if (!labelsMissing && existing.aggregationRule !== undefined) return undefined;
    return { ...existing, metadata: { ...existing.metadata, labels }, aggregationRule: existing.aggregationRule ?? wanted.aggregationRule };
  }
  const missing = (wanted.rules ?? []).filter((rule) => !(existing.rules ?? []).some((known) => sameRule(known, rule)));
  if (missing.length === 0 && !labelsMissing) return undefined;
  return { ...existing, metadata: { ...existing.metadata, labels }, rules: [...(existing.rules ?? []), ...missing] };
}

type Binding = rbacv1.ClusterRoleBinding | rbacv1.RoleBinding;

/** The existing binding with the default subjects it lacks; undefined if it lacks none. */
export function reconciledSubjects<T extends Binding>(existing: T, wanted: T): T | undefined {
  const key = (subject: rbacv1.Subject): string => `${subject.kind}/${subject.namespace ?? ''}/${subject.name}`;
  const known = new Set((existing.subjects ?? []).map(key));
  const missing = (wanted.subjects ?? []).filter((subject) => !known.has(key(subject)));
  return missing.length === 0 ? undefined : { ...existing, subjects: [...(existing.subjects ?? []), ...missing] };
}
