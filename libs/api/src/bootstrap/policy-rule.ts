import type { rbacv1 } from '../gen';

export const read = ['get', 'list', 'watch'] as const;
export const write = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;

/** A rule of a bootstrap role, its lists sorted as a server shows them. Groups and resources are separated by commas. */
export function allow(verbs: string | readonly string[], groups: string, resources: string, names: readonly string[] = []): rbacv1.PolicyRule {
  return {
    verbs: (typeof verbs === 'string' ? verbs.split(',') : [...verbs]).sort(),
    apiGroups: groups.split(','),
    resources: resources.split(',').sort(),
    ...(names.length > 0 ? { resourceNames: [...names].sort() } : {}),
  };
}

/** Lets a component tell of itself through Events. */
export const events = allow('create,patch,update', ',events.k8s.io', 'events');
