import type { KubeObject, metav1 } from '@navarch/api';
import { findApiError, isNotFound } from '@navarch/apimachinery';
import type { ObjectApi, ObjectKey } from '@navarch/reconcile';
import type { AnyResource } from '../../resource-types';
import { AbsentOwners } from './absent-owners';
import { referredTo, type Identity } from './identity';
import { FOREGROUND, noWork, ORPHAN, type GraphNode, type GraphWork, type KindLookup, type OwnershipGraph } from './ownership-graph';
import { planCollect, type OwnerState } from './sync';

export interface CollectorDeps {
  readonly api: ObjectApi;
  readonly graph: OwnershipGraph;
  readonly lookup: KindLookup;
  /** Given what the collector's own findings change in the graph. */
  readonly onWork: (work: GraphWork) => void;
}

/** What lies in no namespace names an owner that lies in one: which, nobody can tell, now or later. */
class OwnerNowhere extends Error {}

/** Carries out what ownership demands. Before anything is deleted, it and its owners are asked for at the apiserver. */
export class Collector {
  readonly #deps: CollectorDeps;
  readonly #absent = new AbsentOwners();

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
  }

  /** Nobody needs to ask for this owner again. */
  noteAbsent(owner: Identity): void {
    this.#absent.add(owner);
  }

  /** Looks whether an object has to go, and sees to it. Answers whether to look again: no news of the object has come yet, and there may never be any. */
  async attemptToDelete(node: GraphNode, signal: AbortSignal): Promise<boolean> {
    if (!node.virtual && node.beingDeleted && !node.deletingDependents) return false;
    const { graph, onWork } = this.#deps;
    const { identity } = node;
    try {
      const latest = await this.#read(identity, signal);
      if (latest === undefined) onWork(graph.confirmAbsent(identity));
      else await this.#judge(node, latest, signal);
    } catch (error) {
      if (error instanceof OwnerNowhere) return false;
      throw error;
    }
    return graph.get(identity.uid)?.virtual === true;
  }

  async #judge(node: GraphNode, latest: KubeObject, signal: AbortSignal): Promise<void> {
    if (node.deletingDependents) {
      await this.#finishForeground(node, latest, signal);
      return;
    }
    const owners: { reference: metav1.OwnerReference; state: OwnerState }[] = [];
    for (const reference of latest.metadata.ownerReferences ?? []) owners.push({ reference, state: await this.#stateOf(latest, reference, signal) });
    const dependentsAreDeleting = [...node.dependents].some(({ deletingDependents }) => deletingDependents);
    const action = planCollect({ metadata: latest.metadata, owners, hasDependents: node.dependents.size > 0, dependentsAreDeleting });
    if (action.kind === 'keep') return;
    if (action.kind === 'setOwners') {
      await this.#patch(node.identity, latest, { ownerReferences: [...action.owners] }, signal);
      return;
    }
    const fresh = action.unblock === undefined ? latest : await this.#patch(node.identity, latest, { ownerReferences: [...action.unblock] }, signal);
    if (fresh === undefined) return;
    const { type, key } = this.#find(node.identity);
    const { uid } = node.identity;
    const { resourceVersion } = fresh.metadata;
    await this.#deps.api.delete(type, key, { signal, propagationPolicy: action.policy, preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) } }).catch(unlessGone);
  }

  /** Frees the dependents of an object that is deleted without them, then lets it go. */
  async attemptToOrphan(node: GraphNode, signal: AbortSignal): Promise<void> {
    await Promise.all([...node.dependents].map(async ({ identity }) => {
      const dependent = await this.#read(identity, signal);
      const owners = dependent?.metadata.ownerReferences ?? [];
      const kept = owners.filter(({ uid }) => uid !== node.identity.uid);
      if (dependent !== undefined && kept.length < owners.length) await this.#patch(identity, dependent, { ownerReferences: kept }, signal);
    }));
    const latest = await this.#read(node.identity, signal);
    if (latest !== undefined) await this.#removeFinalizer(node.identity, latest, ORPHAN, signal);
  }

  async #finishForeground(node: GraphNode, latest: KubeObject, signal: AbortSignal): Promise<void> {
    const blocking = this.#deps.graph.blocking(node);
    if (blocking.length === 0) {
      await this.#removeFinalizer(node.identity, latest, FOREGROUND, signal);
      return;
    }
    this.#deps.onWork({ ...noWork(), attemptToDelete: new Set(blocking.filter(({ deletingDependents }) => !deletingDependents)) });
  }

  async #removeFinalizer(identity: Identity, latest: KubeObject, finalizer: string, signal: AbortSignal): Promise<void> {
    const finalizers = latest.metadata.finalizers ?? [];
    if (latest.metadata.deletionTimestamp === undefined || !finalizers.includes(finalizer)) return;
    await this.#patch(identity, latest, { finalizers: finalizers.filter((name) => name !== finalizer) }, signal);
  }

  async #stateOf(dependent: KubeObject, reference: metav1.OwnerReference, signal: AbortSignal): Promise<OwnerState> {
    const namespace = dependent.metadata.namespace ?? '';
    if (this.#absent.has(referredTo(reference, '')) || this.#absent.has(referredTo(reference, namespace))) return 'absent';
    const { key } = this.#find(referredTo(reference, namespace));
    const identity = referredTo(reference, key.namespace);
    const owner = await this.#read(identity, signal);
    if (owner === undefined) {
      this.#absent.add(identity);
      return 'absent';
    }
    const { deletionTimestamp, finalizers = [] } = owner.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waitingForDependents' : 'solid';
  }

  /** A consistent read of this very incarnation; undefined when it is no more. */
  async #read(identity: Identity, signal: AbortSignal): Promise<KubeObject | undefined> {
    const { type, key } = this.#find(identity);
    try {
      const object = await this.#deps.api.get(type, key, { signal });
      return object.metadata.uid === identity.uid ? object : undefined;
    } catch (error) {
      if (isAbsent(error, key.name)) return undefined;
      throw error;
    }
  }

  /** Where the API has an object. @throws for a kind that is not known, or not in that version: nothing can be said about its objects */
  #find({ apiVersion, kind, namespace, name }: Identity): { readonly type: AnyResource; readonly key: ObjectKey } {
    const type = this.#deps.lookup(apiVersion, kind);
    if (type === undefined) throw new Error(`${apiVersion} ${kind} ${name}: no such kind is known`);
    if (type.namespaced && namespace === '') throw new OwnerNowhere(`${kind} ${name} of no namespace`);
    return { type, key: { namespace: type.namespaced ? namespace : '', name } };
  }

  async #patch(identity: Identity, latest: KubeObject, change: Partial<metav1.ObjectMeta>, signal: AbortSignal): Promise<KubeObject | undefined> {
    const { type, key } = this.#find(identity);
    const { uid } = identity;
    const { resourceVersion } = latest.metadata;
    const metadata = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }), ...change };
    return this.#deps.api.patch(type, key, 'merge', { metadata }, { signal }).catch(unlessGone);
  }
}

/** Whether it is this object that is not there; that its kind is not served here says nothing about it. */
function isAbsent(error: unknown, name: string): boolean {
  return isNotFound(error) && findApiError(error)?.status.details?.name === name;
}

function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}
