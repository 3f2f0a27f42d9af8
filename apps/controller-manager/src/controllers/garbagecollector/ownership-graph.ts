import type { KubeObject, metav1 } from '@navarch/api';
import { formatGroupVersion } from '@navarch/apimachinery';
import type { AnyResource } from '../../resource-types';
import { callsIt, identityKey, otherIdentity, partDependents, referredTo, type Identity } from './identity';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

/** An object, as far as ownership goes. */
export interface GraphNode {
  identity: Identity;
  owners: readonly metav1.OwnerReference[];
  readonly dependents: Set<GraphNode>;
  /** Known only from the references of its dependents: it may exist or not, and be called otherwise. */
  virtual: boolean;
  /** How often it was looked at without any news of it. */
  looks: number;
  beingDeleted: boolean;
  /** Being deleted in the foreground: it goes when those that block it have gone. */
  deletingDependents: boolean;
  /** Being deleted, and its dependents are to be left alone. */
  orphaning: boolean;
}

/** What a change of the graph gives the collector to do. */
export interface GraphWork {
  /** To be looked at: they may have to go. */
  readonly attemptToDelete: Set<GraphNode>;
  /** Their dependents are to be freed from them. */
  readonly attemptToOrphan: Set<GraphNode>;
  /** Owners that are no more: nobody needs to ask for them again. */
  readonly absent: Identity[];
  /** References to an owner that lies in another namespace. */
  readonly misplaced: { readonly dependent: Identity; readonly owner: Identity }[];
}

/** How to read the apiVersion and kind of an owner reference. */
export type KindLookup = (apiVersion: string, kind: string) => AnyResource | undefined;

/**
 * Who owns whom, kept from the metadata of all objects. Follows the graph of upstream's
 * pkg/controller/garbagecollector/graph_builder.go. Pure: what to do is answered, not done.
 */
export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #lookup: KindLookup;

  constructor(lookup: KindLookup) {
    this.#lookup = lookup;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** An object is, or is as it now is. */
  put(type: AnyResource, { metadata }: KubeObject): GraphWork {
    const work = noWork();
    const { uid = '', name = '', namespace = '', ownerReferences = [] } = metadata;
    const identity = { apiVersion: formatGroupVersion(type), kind: type.kind, namespace, name, uid };
    const node = this.#nodes.get(uid) ?? this.#add(identity, false);
    if (node.virtual && identityKey(node.identity) !== identityKey(identity)) reportOthers(node, identity, work);
    node.virtual = false;
    node.looks = 0;
    node.identity = identity;
    this.#updateOwners(node, ownerReferences, work);
    updateDeletion(node, metadata, work);
    return work;
  }

  /** An object is gone. */
  remove(uid: string): GraphWork {
    const work = noWork();
    const node = this.#nodes.get(uid);
    if (node !== undefined) this.#remove(node, node.identity, work);
    return work;
  }

  /** The API has no such object: it is gone, or its dependents call something by that name which never was. */
  confirmAbsent(identity: Identity): GraphWork {
    const work = noWork();
    const node = this.#nodes.get(identity.uid);
    if (node === undefined) return work;
    const isSame = identityKey(node.identity) === identityKey(identity);
    const { fitting, others } = partDependents(node.dependents, identity);
    if (node.virtual ? others.length === 0 : isSame) {
      this.#remove(node, identity, work);
      return work;
    }
    if (fitting.length > 0) work.absent.push(identity);
    for (const dependent of fitting) work.attemptToDelete.add(dependent);
    const other = node.virtual && isSame ? otherIdentity(others, identity) : undefined;
    if (other !== undefined) {
      node.identity = other;
      work.attemptToDelete.add(node);
    }
    return work;
  }

  /** No news of an object will come any more: whether it still is must be asked. */
  loseSight(uid: string): GraphWork {
    const work = noWork();
    const node = this.#nodes.get(uid);
    if (node === undefined) return work;
    if (node.dependents.size === 0) {
      this.#remove(node, node.identity, work);
      return work;
    }
    node.virtual = true;
    work.attemptToDelete.add(node);
    return work;
  }

  /** Dependents that keep their owner, deleted in the foreground, from going. */
  blocking(owner: GraphNode): GraphNode[] {
    return [...owner.dependents].filter(({ owners }) => owners.some((reference) => reference.uid === owner.identity.uid && reference.blockOwnerDeletion === true));
  }

  #add(identity: Identity, virtual: boolean): GraphNode {
    const node: GraphNode = { identity, owners: [], dependents: new Set(), virtual, looks: 0, beingDeleted: false, deletingDependents: false, orphaning: false };
    this.#nodes.set(identity.uid, node);
    return node;
  }

  #remove(node: GraphNode, identity: Identity, work: GraphWork): void {
    this.#nodes.delete(node.identity.uid);
    for (const { uid } of node.owners) {
      const owner = this.#nodes.get(uid);
      owner?.dependents.delete(node);
      // It may have been the last one that its owner waited for.
      if (owner?.deletingDependents) work.attemptToDelete.add(owner);
    }
    if (node.dependents.size > 0) work.absent.push(identity);
    for (const dependent of node.dependents) work.attemptToDelete.add(dependent);
  }

  #updateOwners(node: GraphNode, owners: readonly metav1.OwnerReference[], work: GraphWork): void {
    const before = new Map(node.owners.map((reference) => [reference.uid, reference]));
    const now = new Map(owners.map((reference) => [reference.uid, reference]));
    node.owners = owners;
    for (const [uid, reference] of before) {
      const kept = now.get(uid);
      const owner = this.#nodes.get(uid);
      if (kept === undefined) owner?.dependents.delete(node);
      // One fewer, or one that no longer blocks.
      const unblocked = reference.blockOwnerDeletion === true && kept?.blockOwnerDeletion !== true;
      if (unblocked && owner?.deletingDependents) work.attemptToDelete.add(owner);
    }
    this.#link(node, [...now.values()].filter(({ uid }) => !before.has(uid)), work);
  }

  #link(node: GraphNode, references: readonly metav1.OwnerReference[], work: GraphWork): void {
    let isDoubtful = false;
    for (const reference of references) {
      const known = this.#nodes.get(reference.uid);
      // News of the owner may still be on its way; if there never is any, the look at it will show that it is gone.
      const owner = known ?? this.#add(referredTo(reference, this.#isClusterWide(reference) ? '' : node.identity.namespace), true);
      owner.dependents.add(node);
      if (known === undefined) work.attemptToDelete.add(owner);
      else isDoubtful ||= this.#isDoubtful(node, reference, known, work);
    }
    if (isDoubtful) work.attemptToDelete.add(node);
  }

  /** Whether a reference may name another object than the one of its uid: as good as none, if so. */
  #isDoubtful(node: GraphNode, reference: metav1.OwnerReference, owner: GraphNode, work: GraphWork): boolean {
    const { namespace } = node.identity;
    const of = owner.identity.namespace;
    if (of !== '' && of !== namespace) {
      if (!owner.virtual) work.misplaced.push({ dependent: node.identity, owner: referredTo(reference, namespace) });
      return true;
    }
    // A reference from outside of all namespaces may have called a thing of some namespace that nobody has seen yet.
    return !callsIt(reference, owner.identity) || (of === '' && namespace !== '' && owner.virtual && !this.#isClusterWide(reference));
  }

  #isClusterWide({ apiVersion, kind }: metav1.OwnerReference): boolean {
    return this.#lookup(apiVersion, kind)?.namespaced === false;
  }
}

/** What had been known only by references turns out to be called otherwise than by some of them. */
function reportOthers(node: GraphNode, identity: Identity, work: GraphWork): void {
  for (const dependent of partDependents(node.dependents, identity).others) {
    const { namespace } = dependent.identity;
    const reference = dependent.owners.find(({ uid }) => uid === identity.uid);
    if (reference !== undefined && identity.namespace !== '' && identity.namespace !== namespace) work.misplaced.push({ dependent: dependent.identity, owner: referredTo(reference, namespace) });
    work.attemptToDelete.add(dependent);
  }
}

function updateDeletion(node: GraphNode, { deletionTimestamp, finalizers = [] }: metav1.ObjectMeta, work: GraphWork): void {
  node.beingDeleted = deletionTimestamp !== undefined;
  const orphaning = node.beingDeleted && finalizers.includes(ORPHAN);
  const foreground = node.beingDeleted && finalizers.includes(FOREGROUND);
  if (orphaning && !node.orphaning) work.attemptToOrphan.add(node);
  if (foreground && !node.deletingDependents) {
    for (const dependent of node.dependents) work.attemptToDelete.add(dependent);
    work.attemptToDelete.add(node);
  }
  node.orphaning = orphaning;
  node.deletingDependents = foreground;
}

export function noWork(): GraphWork {
  return { attemptToDelete: new Set(), attemptToOrphan: new Set(), absent: [], misplaced: [] };
}
