import type { rbacv1 } from '../gen';
import { bootstrapTable } from './bootstrap-table';
import { bootstrapMeta } from './metadata';

/** Roles in kube-system and kube-public that exist from the first start on. */
export function bootstrapRoles(): rbacv1.Role[] {
  return structuredClone(
    bootstrapTable().roles.map(({ name, namespace, labels, rules }) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: bootstrapMeta(name, labels, namespace),
      rules: rules ?? [],
    })),
  );
}

/** The bindings of those roles. */
export function bootstrapRoleBindings(): rbacv1.RoleBinding[] {
  return structuredClone(
    bootstrapTable().rolebindings.map(({ name, namespace, labels, roleRef, subjects }) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: bootstrapMeta(name, labels, namespace),
      roleRef,
      ...(subjects === undefined ? {} : { subjects }),
    })),
  );
}
