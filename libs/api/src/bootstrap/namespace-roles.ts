import type { rbacv1 } from '../gen';
import { bootstrapTable } from './bootstrap-table';
import { withControllerManager } from './controller-manager-user';
import { bootstrapMeta } from './metadata';
import { ownRoleBindings, ownRoles } from './own-components';

/** Roles in kube-system and kube-public that exist from the first start on. */
export function bootstrapRoles(): rbacv1.Role[] {
  const roles = bootstrapTable().roles.map(({ name, namespace, labels, rules }) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: bootstrapMeta(name, labels, namespace),
    rules: rules ?? [],
  }));
  return structuredClone([...roles, ...ownRoles()]);
}

/** The bindings of those roles. */
export function bootstrapRoleBindings(): rbacv1.RoleBinding[] {
  const bindings = bootstrapTable().rolebindings.map(({ name, namespace, labels, roleRef, subjects }) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: bootstrapMeta(name, labels, namespace),
    roleRef,
    ...(subjects === undefined ? {} : { subjects }),
  }));
  return structuredClone([...bindings.map(withControllerManager), ...ownRoleBindings()]);
}
