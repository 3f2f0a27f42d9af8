import type { metav1, rbacv1 } from '@navarch/api';
import { uncovered } from '../auth/rbac/rule-covers';

type Binding = rbacv1.ClusterRoleBinding | rbacv1.RoleBinding;
type Role = rbacv1.ClusterRole | rbacv1.Role;

/** Existing values win; undefined if nothing is missing. */
function withMissing(existing: Readonly<Record<string, string>> | undefined, wanted: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const missing = Object.keys(wanted ?? {}).some((key) => existing?.[key] === undefined);
  return missing ? { ...wanted, ...existing } : undefined;
}

/** Undefined if no default label or annotation is missing. */
function reconciledMetadata(existing: metav1.ObjectMeta, wanted: metav1.ObjectMeta): metav1.ObjectMeta | undefined {
  const labels = withMissing(existing.labels, wanted.labels);
  const annotations = withMissing(existing.annotations, wanted.annotations);
  return labels || annotations ? { ...existing, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) } : undefined;
}

const aggregationOf = (role: Role): rbacv1.AggregationRule | undefined => ('aggregationRule' in role ? role.aggregationRule : undefined);

/** Undefined if no default selector is missing. */
function reconciledAggregation(existing: Role, wanted: Role): rbacv1.AggregationRule | undefined {
  const have = aggregationOf(existing)?.clusterRoleSelectors ?? [];
  const known = new Set(have.map((selector) => JSON.stringify(selector)));
  const missing = (aggregationOf(wanted)?.clusterRoleSelectors ?? []).filter((selector) => !known.has(JSON.stringify(selector)));
  return missing.length === 0 ? undefined : { ...aggregationOf(existing), clusterRoleSelectors: [...have, ...missing] };
}

/**
 * The existing role with what it lacks of a default one: rules, labels, annotations, aggregation. Undefined if it lacks nothing. What
 * users added stays; the rules of an aggregated role belong to the aggregation controller.
 */
export function reconciledRole<T extends Role>(existing: T, wanted: T): T | undefined {
  const metadata = reconciledMetadata(existing.metadata, wanted.metadata);
  const aggregationRule = reconciledAggregation(existing, wanted);
  const missing = aggregationOf(wanted) === undefined ? uncovered(existing.rules ?? [], wanted.rules ?? []) : [];
  if (metadata === undefined && aggregationRule === undefined && missing.length === 0) return undefined;
  return {
    ...existing,
    ...(metadata ? { metadata } : {}),
    ...(aggregationRule ? { aggregationRule } : {}),
    ...(missing.length === 0 ? {} : { rules: [...(existing.rules ?? []), ...missing] }),
  };
}

/** Whether an existing binding is of another role than the default one: then it must be made anew, since a binding keeps its role. */
export function bindsAnotherRole({ roleRef }: Binding, { roleRef: wanted }: Binding): boolean {
  return roleRef.kind !== wanted.kind || roleRef.name !== wanted.name || roleRef.apiGroup !== wanted.apiGroup;
}

/** The existing binding with the default subjects, labels and annotations it lacks; undefined if it lacks none. */
export function reconciledBinding<T extends Binding>(existing: T, wanted: T): T | undefined {
  const key = ({ kind, apiGroup, namespace, name }: rbacv1.Subject): string => JSON.stringify([kind, apiGroup, namespace, name]);
  const known = new Set((existing.subjects ?? []).map(key));
  const missing = (wanted.subjects ?? []).filter((subject) => !known.has(key(subject)));
  const metadata = reconciledMetadata(existing.metadata, wanted.metadata);
  if (missing.length === 0 && metadata === undefined) return undefined;
  return { ...existing, ...(metadata ? { metadata } : {}), ...(missing.length === 0 ? {} : { subjects: [...(existing.subjects ?? []), ...missing] }) };
}
