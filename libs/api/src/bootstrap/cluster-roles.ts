import type { rbacv1 } from '../gen';
import { bootstrapTable } from './bootstrap-table';
import { type GatedController, gatedControllers, gatedRules } from './gated-roles';
import { controllerRolePrefix, withControllerManager } from './controller-manager-user';
import { bootstrapMeta } from './metadata';
import { ownClusterRoleBindings, ownClusterRoles } from './own-components';

const rbac = 'rbac.authorization.k8s.io';

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

const gatedControllersOf = (serves: Serves): [string, GatedController][] => Object.entries(gatedControllers).filter(([, { group, resource }]) => serves(group, resource));

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
    rules: [...(rules ?? []), ...(gatedRules[name] ?? [])],
  }));
  for (const [controller, { rules }] of gatedControllersOf(serves)) {
    roles.push({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: bootstrapMeta(controllerRolePrefix + controller), rules: [...rules] });
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
  for (const [controller] of gatedControllersOf(serves)) {
    const name = controllerRolePrefix + controller;
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
