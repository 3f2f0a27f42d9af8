import { rbac, type rbacv1 } from '@navarch/api';
import { goQuote } from '@navarch/apimachinery';
import type { ObjectReader, User } from '../../pipeline';

type Binding = rbacv1.ClusterRoleBinding | rbacv1.RoleBinding;

/** A role given to somebody: in one namespace, or (namespace empty) everywhere. */
export interface Grant {
  readonly namespace: string;
  readonly roleRef: rbacv1.RoleRef;
  /** For the reason of a decision. */
  readonly description: string;
}

/** Subject -> binding name -> grant. */
type Grants = Map<string, Map<string, Grant>>;

const noGrants: ReadonlyMap<string, Grant> = new Map();

/** Bindings by who they are for, kept level with the cache, so that a request looks only at its own. */
export class BindingIndex {
  /** By namespace; cluster-wide under ''. */
  readonly #scopes = new Map<string, Grants>();
  /** `<namespace>/<binding>` -> its subjects, to take them away again. */
  readonly #subjects = new Map<string, readonly string[]>();

  constructor(reader: ObjectReader) {
    reader.onChange(rbac.clusterrolebindings, (change) => this.#change('', change.object, change.type === 'put'));
    reader.onChange(rbac.rolebindings, (change) => this.#change(change.object.metadata.namespace ?? '', change.object, change.type === 'put'));
    for (const binding of reader.list(rbac.clusterrolebindings)) this.#change('', binding, true);
    for (const binding of reader.list(rbac.rolebindings)) this.#change(binding.metadata.namespace ?? '', binding, true);
  }

  #change(namespace: string, binding: Binding, exists: boolean): void {
    const name = binding.metadata.name ?? '';
    const id = `${namespace}/${name}`;
    const scope = this.#scopes.get(namespace) ?? new Map<string, Map<string, Grant>>();
    for (const subject of this.#subjects.get(id) ?? []) {
      const grants = scope.get(subject);
      grants?.delete(name);
      if (grants?.size === 0) scope.delete(subject);
    }
    this.#subjects.delete(id);
    if (exists) this.#add(scope, id, namespace, binding);
    if (scope.size > 0) this.#scopes.set(namespace, scope);
    else this.#scopes.delete(namespace);
  }

  #add(scope: Grants, id: string, namespace: string, binding: Binding): void {
    const name = binding.metadata.name ?? '';
    const subjects: string[] = [];
    for (const subject of binding.subjects ?? []) {
      const key = keyOf(subject, namespace);
      if (key === undefined || subjects.includes(key)) continue;
      subjects.push(key);
      const grants = scope.get(key) ?? new Map<string, Grant>();
      scope.set(key, grants.set(name, { namespace, roleRef: binding.roleRef, description: describe(namespace, name, binding.roleRef, subject) }));
    }
    this.#subjects.set(id, subjects);
  }

  /** Everything given to the user or one of its groups, for a request in a namespace (or in none). A binding that names several of them comes as often. */
  *grantsFor(user: User, namespace: string): Generator<Grant> {
    for (const name of namespace === '' ? [''] : ['', namespace]) {
      const scope = this.#scopes.get(name);
      if (scope === undefined) continue;
      yield* (scope.get(`User:${user.name}`) ?? noGrants).values();
      for (const group of user.groups) yield* (scope.get(`Group:${group}`) ?? noGrants).values();
    }
  }
}

/** Undefined for a subject that can be nobody. */
function keyOf({ kind, name, namespace }: rbacv1.Subject, bindingNamespace: string): string | undefined {
  if (kind === 'User' || kind === 'Group') return `${kind}:${name}`;
  const home = namespace === undefined || namespace === '' ? bindingNamespace : namespace;
  return kind === 'ServiceAccount' && home !== '' ? `User:system:serviceaccount:${home}:${name}` : undefined;
}

function describe(namespace: string, name: string, roleRef: rbacv1.RoleRef, subject: rbacv1.Subject): string {
  const binding = namespace === '' ? `ClusterRoleBinding ${goQuote(name)}` : `RoleBinding ${goQuote(`${name}/${namespace}`)}`;
  const home = subject.namespace === undefined || subject.namespace === '' ? namespace : subject.namespace;
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${home}` : subject.name;
  return `${binding} of ${roleRef.kind} ${goQuote(roleRef.name)} to ${subject.kind} ${goQuote(who)}`;
}
