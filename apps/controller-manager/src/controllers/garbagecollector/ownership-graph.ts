import type { KubeObject, metav1 } from '@navarch/api';
import type { AnyResource } from '../../resource-types';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

/** Names one incarnation of an object. */
export interface Identity {
  readonly type: AnyResource;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object, as far as ownership goes. */
export interface GraphNode {
  identity: Identity;
  owners: readonly metav1.OwnerReference[];
  readonly dependents: Set<GraphNode>;
  /** Known only from the references of its dependents: it may exist or not. */
  virtual: boolean;
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
    let node = this.#nodes.get(uid);
    if (node === undefined) {
      node = newNode({ type, namespace, name, uid }, ownerReferences, false);
      this.#nodes.set(uid, node);
      for (const reference of ownerReferences) this.#link(node, reference, work);
    } else if (node.virtual) {
      node = this.#makeReal(node, { type, namespace, name, uid }, ownerReferences, work);
    } else {
      node.identity = { ...node.identity, type };
      this.#updateOwners(node, ownerReferences, work);
    }
    this.#updateDeletion(node, metadata, work);
    return work;
  }

  /** An object is gone. */
  remove(uid: string): GraphWork {
    const work = noWork();
    const node = this.#nodes.get(uid);
    if (node === undefined) return work;
    this.#nodes.delete(uid);
    for (const { uid: ownerUid } of node.owners) {
      const owner = this.#nodes.get(ownerUid);
      owner?.dependents.delete(node);
      // It may have been the last one that its owner waited for.
      if (owner?.deletingDependents) work.attemptToDelete.add(owner);
    }
    for (const dependent of node.dependents) work.attemptToDelete.add(dependent);
    return work;
  }

  /** Dependents that keep their owner, deleted in the foreground, from going. */
  blocking(owner: GraphNode): GraphNode[] {
    return [...owner.dependents].filter(({ owners }) => owners.some((reference) => reference.uid === owner.identity.uid && reference.blockOwnerDeletion === true));
  }

  #link(node: GraphNode, reference: metav1.OwnerReference, work: GraphWork): void {
    let owner = this.#nodes.get(reference.uid);
    if (owner === undefined) {
      const type = this.#lookup(reference.apiVersion, reference.kind);
      if (type === undefined) {
        // Of a kind that is not known: whether it exists will be asked when the dependent is looked at.
        work.attemptToDelete.add(node);
        return;
      }
      // News of the owner may still be on its way; if there never is any, the look at it will show that it is gone.
      owner = newNode({ type, namespace: type.namespaced ? node.identity.namespace : '', name: reference.name, uid: reference.uid }, [], true);
      this.#nodes.set(reference.uid, owner);
      work.attemptToDelete.add(owner);
    } else if (!fits(owner, node, reference)) {
      // The reference names another object than the one of that uid: as good as none.
      work.attemptToDelete.add(node);
    }
    owner.dependents.add(node);
  }

  #makeReal(node: GraphNode, identity: Identity, owners: readonly metav1.OwnerReference[], work: GraphWork): GraphNode {
    const real = newNode(identity, owners, false);
    this.#nodes.set(identity.uid, real);
    for (const dependent of node.dependents) {
      real.dependents.add(dependent);
      const reference = dependent.owners.find(({ uid }) => uid === identity.uid);
      if (reference !== undefined && !fits(real, dependent, reference)) work.attemptToDelete.add(dependent);
    }
    for (const reference of owners) this.#link(real, reference, work);
    return real;
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
    let isNew = false;
    for (const [uid, reference] of now) {
      if (before.has(uid)) continue;
      this.#link(node, reference, work);
      isNew = true;
    }
    if (isNew || before.size !== now.size) work.attemptToDelete.add(node);
  }

  #updateDeletion(node: GraphNode, { deletionTimestamp, finalizers = [] }: metav1.ObjectMeta, work: GraphWork): void {
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
}

function newNode(identity: Identity, owners: readonly metav1.OwnerReference[], virtual: boolean): GraphNode {
  return { identity, owners, dependents: new Set(), virtual, beingDeleted: false, deletingDependents: false, orphaning: false };
}

function noWork(): GraphWork {
  return { attemptToDelete: new Set(), attemptToOrphan: new Set() };
}

/** Whether the object of that uid is the one that the reference describes. */
function fits(owner: GraphNode, dependent: GraphNode, reference: metav1.OwnerReference): boolean {
  const { type, name, namespace } = owner.identity;
  return type.kind === reference.kind && name === reference.name && (!type.namespaced || namespace === dependent.identity.namespace);
}
