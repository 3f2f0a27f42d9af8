import { rbac, type rbacv1 } from '@navarch/api';
import { goQuote, notFound } from '@navarch/apimachinery';
import type { ObjectReader, User } from '../../pipeline';
import { BindingIndex, type Grant } from './binding-index';

/** Rules by which a user acts, with those that could not be found. */
export interface HeldRules {
  readonly rules: readonly rbacv1.PolicyRule[];
  readonly errors: readonly string[];
}

/** Resolves bindings and roles to rules, by the cache. */
export class RoleRules {
  readonly #index: BindingIndex;

  constructor(private readonly reader: ObjectReader) {
    this.#index = new BindingIndex(reader);
  }

  grantsFor(user: User, namespace: string): Iterable<Grant> {
    return this.#index.grantsFor(user, namespace);
  }

  /** The rules of a role, which for a Role lies in the namespace of its binding; undefined if there is none. */
  of({ kind, name }: rbacv1.RoleRef, namespace: string): readonly rbacv1.PolicyRule[] | undefined {
    const role = kind === 'ClusterRole' ? this.reader.get(rbac.clusterroles, '', name) : kind === 'Role' ? this.reader.get(rbac.roles, namespace, name) : undefined;
    return role && (role.rules ?? []);
  }

  /** All that a user may do in a namespace (or in none): each binding counted once. */
  heldBy(user: User, namespace: string): HeldRules {
    const rules: rbacv1.PolicyRule[] = [];
    const errors = new Set<string>();
    const seen = new Set<string>();
    for (const { roleRef, namespace: home } of this.grantsFor(user, namespace)) {
      const role = `${home}/${roleRef.kind}/${roleRef.name}`;
      if (seen.has(role)) continue;
      seen.add(role);
      const found = this.of(roleRef, home);
      if (found === undefined) errors.add(missingRole(roleRef));
      else rules.push(...found);
    }
    return { rules, errors: [...errors] };
  }
}

/** Upstream's lister names the kind in the singular here. */
export function missingRole({ kind, name }: rbacv1.RoleRef): string {
  if (kind !== 'Role' && kind !== 'ClusterRole') return `unsupported role reference kind: ${goQuote(kind)}`;
  return notFound({ group: 'rbac.authorization.k8s.io', resource: kind.toLowerCase() }, name).message;
}
