import { rbac, type rbacv1 } from '@navarch/api';
import { goQuote, notFound } from '@navarch/apimachinery';
import type { ObjectReader, User } from '../../pipeline';
import { BindingIndex, type Grant } from './binding-index';

/** Rules by which a user acts, with those that could not be found. */
export interface HeldRules {
  readonly rules: readonly rbacv1.PolicyRule[];
  readonly errors: readonly string[];
}

type Role = rbacv1.ClusterRole | rbacv1.Role;

const noRules: readonly rbacv1.PolicyRule[] = [];
const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** Resolves bindings and roles to rules. They are looked at for every request, so they are held here: the cache keeps bytes. */
export class RoleRules {
  readonly #index: BindingIndex;
  /** `<namespace>/<role>`; cluster roles in namespace ''. */
  readonly #rules = new Map<string, readonly rbacv1.PolicyRule[]>();

  constructor(reader: ObjectReader) {
    this.#index = new BindingIndex(reader);
    const change = ({ metadata: { namespace = '', name = '' }, rules }: Role, exists: boolean): void => {
      if (exists) this.#rules.set(keyOf(namespace, name), rules ?? noRules);
      else this.#rules.delete(keyOf(namespace, name));
    };
    reader.onChange(rbac.clusterroles, ({ object, type }) => change(object, type === 'put'));
    reader.onChange(rbac.roles, ({ object, type }) => change(object, type === 'put'));
    for (const role of [...reader.list(rbac.clusterroles), ...reader.list(rbac.roles)]) change(role, true);
  }

  grantsFor(user: User, namespace: string): Iterable<Grant> {
    return this.#index.grantsFor(user, namespace);
  }

  /** The rules of a role, which for a Role lies in the namespace of its binding; undefined if there is none. */
  of({ kind, name }: rbacv1.RoleRef, namespace: string): readonly rbacv1.PolicyRule[] | undefined {
    if (kind === 'ClusterRole') return this.#rules.get(keyOf('', name));
    return kind === 'Role' && namespace !== '' ? this.#rules.get(keyOf(namespace, name)) : undefined;
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
