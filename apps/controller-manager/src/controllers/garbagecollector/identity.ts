import type { metav1 } from '@navarch/api';

/** Names one incarnation of an object, as an owner reference does: by a version of its kind, its name and its uid. */
export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for what lies in no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What references to owners are found on. */
export interface Dependent {
  readonly identity: Identity;
  readonly owners: readonly metav1.OwnerReference[];
}

/** As upstream prints it in events. */
export const describeIdentity = ({ apiVersion, kind, namespace, name, uid }: Identity): string => `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;

/** Equal for equal ones, whatever they are called by. */
export const identityKey = ({ apiVersion, kind, namespace, name, uid }: Identity): string => `${kind}/${apiVersion}/${namespace}/${name}/${uid}`;

/** The owner that a reference names, as seen from a namespace. */
export function referredTo({ apiVersion, kind, name, uid }: metav1.OwnerReference, namespace: string): Identity {
  return { apiVersion, kind, namespace, name, uid };
}

/** Whether a reference calls an object what it is, apart from where that lies. */
export function callsIt(reference: metav1.OwnerReference, { apiVersion, kind, name, uid }: Identity): boolean {
  return reference.uid === uid && reference.name === name && reference.kind === kind && reference.apiVersion === apiVersion;
}

/** Parts dependents into those that mean this object and those that give its uid to another. One with several references can be both. */
export function partDependents<T extends Dependent>(dependents: Iterable<T>, owner: Identity): { readonly fitting: T[]; readonly others: T[] } {
  const fitting: T[] = [];
  const others: T[] = [];
  for (const dependent of dependents) {
    // An owner in a namespace owns nothing outside of it.
    const isElsewhere = owner.namespace !== '' && owner.namespace !== dependent.identity.namespace;
    const references = dependent.owners.filter(({ uid }) => uid === owner.uid);
    if (!isElsewhere && references.some((reference) => callsIt(reference, owner))) fitting.push(dependent);
    if (isElsewhere || references.some((reference) => !callsIt(reference, owner))) others.push(dependent);
  }
  return { fitting, others };
}

/** What else these dependents call the object of that uid: the next in order after the one that is known to be absent, else the first. */
export function otherIdentity(dependents: Iterable<Dependent>, absent: Identity): Identity | undefined {
  const found = new Map<string, Identity>();
  for (const { identity: { namespace }, owners } of dependents) {
    for (const reference of owners) {
      if (reference.uid !== absent.uid) continue;
      // That the absent one lies in no namespace is a fact about its kind.
      const isClusterWide = absent.namespace === '' && reference.apiVersion === absent.apiVersion && reference.kind === absent.kind;
      const identity = referredTo(reference, isClusterWide ? '' : namespace);
      found.set(identityKey(identity), identity);
    }
  }
  found.delete(identityKey(absent));
  const inOrder = [...found.values()].sort(compare);
  return inOrder.find((identity) => compare(absent, identity) < 0) ?? inOrder[0];
}

/** Kinds stay together, wherever their objects lie. */
function compare(a: Identity, b: Identity): number {
  for (const part of ['kind', 'apiVersion', 'namespace', 'name', 'uid'] as const) if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  return 0;
}
