import type { metav1 } from '../gen';

/** Metadata of a bootstrap RBAC object: marked as a default, and kept up to date at each start unless the user says otherwise. */
export function bootstrapMeta(name: string, labels?: Readonly<Record<string, string>>, namespace?: string): metav1.ObjectMeta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}
