import type { rbacv1 } from '../gen';

export const controllerRolePrefix = 'system:controller:';

/**
 * Who runs the controllers. Upstream's manager can act as a service account of its own for each of them; ours runs all of them as this
 * one user, which therefore holds every controller's role: a subject of each of their bindings, so that the roles stay upstream's and
 * a controller that is run elsewhere, as its service account, finds its rights as well.
 */
const controllerManager: rbacv1.Subject = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'system:kube-controller-manager' };

/** Adds the controller-manager's user to a binding of a controller's role. */
export function withControllerManager<T extends rbacv1.ClusterRoleBinding | rbacv1.RoleBinding>(binding: T): T {
  if (!binding.roleRef.name.startsWith(controllerRolePrefix)) return binding;
  return { ...binding, subjects: [...(binding.subjects ?? []), controllerManager] };
}
