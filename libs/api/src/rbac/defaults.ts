import type { rbacv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

export const rbacGroup = 'rbac.authorization.k8s.io';

/** Users, groups and roles are of the RBAC group; service accounts of core. */
export function defaultBinding(binding: Loose<rbacv1.RoleBinding>): void {
  (binding.roleRef ??= {}).apiGroup ||= rbacGroup;
  for (const subject of list(binding.subjects)) if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup;
}

export const rbacDefaults: Defaulters = {
  'rbac.authorization.k8s.io/v1/RoleBinding': defaulter(defaultBinding),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': defaulter(defaultBinding),
};
