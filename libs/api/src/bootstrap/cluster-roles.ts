import type { rbacv1 } from '../gen';
import { bootstrapTable } from './bootstrap-table';
import { newerControllerRules } from './controller-roles';
import { gatedControllers } from './gated-controller-roles';
import { controllerRolePrefix, withControllerManager } from './controller-manager-user';
import { roleChanges } from './component-roles';
import { bootstrapMeta } from './metadata';
import { ownClusterRoleBindings, ownClusterRoles } from './own-components';

const rbac = 'rbac.authorization.k8s.io';

/** The group is gone: its resources are in apps, networking.k8s.io and policy. */
function withoutExtensions(rules: readonly rbacv1.PolicyRule[]): rbacv1.PolicyRule[] {
  const kept: rbacv1.PolicyRule[] = [];
  for (const rule of rules) {
    const apiGroups = rule.apiGroups?.filter((group) => group !== 'extensions');
    if (apiGroups === undefined) kept.push(rule);
    else if (apiGroups.length > 0) kept.push({ ...rule, apiGroups });
  }
  return kept;
}

function changedRules(name: string, measured: readonly rbacv1.PolicyRule[]): rbacv1.PolicyRule[] {
  const change = roleChanges[name];
  if (change?.rules !== undefined) return [...change.rules];
  const rules: rbacv1.PolicyRule[] = [];
  for (const rule of measured) {
    const dropped = new Set(
      change?.drop?.filter((drop) => rule.verbs.includes(drop.verb) && rule.apiGroups?.includes(drop.group)).flatMap((drop) => drop.resources),
    );
    const resources = rule.resources?.filter((resource) => !dropped.has(resource));
    if (resources === undefined) rules.push(rule);
    else if (resources.length > 0) rules.push({ ...rule, resources });
  }
  return [...rules, ...(change?.add ?? [])];
}

/** Rules of all roles that an aggregation rule selects by labels, in order of name, each rule once. */
export function aggregatedRules(aggregation: rbacv1.AggregationRule, roles: readonly rbacv1.ClusterRole[]): rbacv1.PolicyRule[] {
  const selected = roles.filter((role) =>
    aggregation.clusterRoleSelectors?.some((selector) =>
      Object.entries(selector.matchLabels ?? {}).every(([key, value]) => role.metadata.labels?.[key] === value),
    ),
  );
  const byText = new Map<string, rbacv1.PolicyRule>();
  for (const role of selected.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)))
    for (const rule of role.rules ?? []) byText.set(JSON.stringify(rule), rule);
  return [...byText.values()];
}

/** Whether an apiserver serves a resource in any version. */
export type Serves = (group: string, resource: string) => boolean;

/** Of the kinds that need asking for, none is. */
const servesByDefault: Serves = () => false;

function rulesOfNewer(serves: Serves): Readonly<Record<string, readonly rbacv1.PolicyRule[]>> {
  const gated = Object.entries(gatedControllers).filter(([, { group, resource }]) => serves(group, resource));
  return { ...newerControllerRules, ...Object.fromEntries(gated.map(([name, { rules }]) => [name, rules])) };
}

/**
 * The cluster roles that exist from the first start on. Aggregated roles (admin, edit, view) already carry the rules that
 * the aggregation controller would find, so that they work before it runs.
 */
export function bootstrapClusterRoles(serves: Serves = servesByDefault): rbacv1.ClusterRole[] {
  const roles: rbacv1.ClusterRole[] = bootstrapTable().clusterroles.map(({ name, labels, rules, aggregationRule }) => ({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: bootstrapMeta(name, labels),
    ...(aggregationRule === undefined ? {} : { aggregationRule }),
    rules:
      (name.startsWith(controllerRolePrefix) ? newerControllerRules[name.slice(controllerRolePrefix.length)]?.slice() : undefined) ??
      changedRules(name, withoutExtensions(rules ?? [])),
  }));
  const known = new Set(roles.map((role) => role.metadata.name));
  for (const [controller, rules] of Object.entries(rulesOfNewer(serves))) {
    const name = controllerRolePrefix + controller;
    if (!known.has(name)) roles.push({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: bootstrapMeta(name), rules: [...rules] });
  }
  // admin selects edit, which selects view: three rounds reach all, whatever their order.
  for (let round = 0; round < 3; round++)
    for (const role of roles) if (role.aggregationRule !== undefined) role.rules = aggregatedRules(role.aggregationRule, roles);
  return structuredClone([...roles, ...ownClusterRoles()]);
}

/** The bindings of those roles: a controller's role belongs to its service account in kube-system, and to who runs it. */
export function bootstrapClusterRoleBindings(serves: Serves = servesByDefault): rbacv1.ClusterRoleBinding[] {
  const bindings: rbacv1.ClusterRoleBinding[] = bootstrapTable().clusterrolebindings.map(({ name, labels, roleRef, subjects }) => ({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: bootstrapMeta(name, labels),
    roleRef,
    ...(subjects === undefined ? {} : { subjects }),
  }));
  const known = new Set(bindings.map((binding) => binding.metadata.name));
  for (const controller of Object.keys(rulesOfNewer(serves))) {
    const name = controllerRolePrefix + controller;
    if (known.has(name)) continue;
    bindings.push({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: bootstrapMeta(name),
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: controller, namespace: 'kube-system' }],
    });
  }
  return structuredClone([...bindings.map(withControllerManager), ...ownClusterRoleBindings()]);
}
