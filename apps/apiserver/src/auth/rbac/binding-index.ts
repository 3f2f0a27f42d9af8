import { rbac, type rbacv1 } from '@navarch/api';
import type { ObjectReader, User } from '../../pipeline';

/** A role given to somebody: in one namespace, or (namespace empty) everywhere. */
export interface Grant {
  readonly namespace: string;
  readonly roleRef: rbacv1.RoleRef;
  /** For the reason of a decision. */
  readonly description: string;
}

const noGrants: ReadonlyMap<string, Grant> = new Map();
const subjectKey = (kind: string, name: string): string => `${kind}:${name}`;

/** Bindings by who they are for, kept level with the cache, so that a request looks only at its own. */
export class BindingIndex {
  /** namespace -> subject -> binding name -> grant; cluster-wide under ''. */
  readonly #grants = new Map<string, Map<string, Map<string, Grant>>>();

  constructor(reader: ObjectReader) {
    reader.onChange(rbac.clusterrolebindings, (change) => this.#change('', change.object, change.type === 'put'));
    reader.onChange(rbac.rolebindings, (change) => this.#change(change.object.metadata.namespace ?? '', change.object, change.type === 'put'));
    for (const binding of reader.list(rbac.clusterrolebindings)) this.#change('', binding, true);
    for (const binding of reader.list(rbac.rolebindings)) this.#change(binding.metadata.namespace ?? '', binding, true);
  }

  #change(namespace: string, binding: rbacv1.ClusterRoleBinding | rbacv1.RoleBinding, exists: boolean): void {
    const name = binding.metadata.name ?? '';
    const subjects = this.#grants.get(namespace) ?? new Map<string, Map<string, Grant>>();
    this.#grants.set(namespace, subjects);
    for (const grants of subjects.values()) grants.delete(name);
    if (!exists) return;
    for (const subject of binding.subjects ?? []) {
      const key = keyOf(subject, namespace);
      const grants = subjects.get(key) ?? new Map<string, Grant>();
      subjects.set(key, grants);
      grants.set(name, { namespace, roleRef: binding.roleRef, description: describe(namespace, name, binding.roleRef, subject) });
    }
  }

  /** Everything given to the user or one of its groups, for a request in a namespace (or in none). */
  *grantsFor(user: User, namespace: string): Generator<Grant> {
    for (const scope of namespace === '' ? [''] : ['', namespace]) {
      const subjects = this.#grants.get(scope);
      if (subjects === undefined) continue;
      yield* (subjects.get(subjectKey('User', user.name)) ?? noGrants).values();
      for (const group of user.groups) yield* (subjects.get(subjectKey('Group', group)) ?? noGrants).values();
    }
  }
}

function keyOf(subject: rbacv1.Subject, bindingNamespace: string): string {
  if (subject.kind === 'ServiceAccount') return subjectKey('User', `system:serviceaccount:${subject.namespace ?? bindingNamespace}:${subject.name}`);
  return subjectKey(subject.kind, subject.name);
}

function describe(namespace: string, name: string, roleRef: rbacv1.RoleRef, subject: rbacv1.Subject): string {
  const binding = namespace === '' ? `ClusterRoleBinding "${name}"` : `RoleBinding "${name}/${namespace}"`;
  const who = subject.kind === 'ServiceAccount' ? `ServiceAccount "${subject.name}/${subject.namespace ?? namespace}"` : `${subject.kind} "${subject.name}"`;
  return `${binding} of ${roleRef.kind} "${roleRef.name}" to ${who}`;
}
