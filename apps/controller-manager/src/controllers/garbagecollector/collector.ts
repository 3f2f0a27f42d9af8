import type { KubeObject, metav1 } from '@navarch/api';
import { findApiError, isNotFound } from '@navarch/apimachinery';
import type { ObjectApi } from '@navarch/reconcile';
import { FOREGROUND, ORPHAN, type GraphNode, type GraphWork, type Identity, type KindLookup, type OwnershipGraph } from './ownership-graph';
import { planCollect, type OwnerState } from './sync';

/** Owners found absent lately; a uid never comes back. */
const MAX_ABSENT = 500;

export interface CollectorDeps {
  readonly api: ObjectApi;
  readonly graph: OwnershipGraph;
  readonly lookup: KindLookup;
  /** Given what the collector's own findings change in the graph. */
  readonly onWork: (work: GraphWork) => void;
  readonly onBadOwner: (dependent: KubeObject, reference: metav1.OwnerReference) => void;
}

/** Carries out what ownership demands. Before anything is deleted, it and its owners are asked for at the apiserver. */
export class Collector {
  readonly #deps: CollectorDeps;
  readonly #absent = new Set<string>();

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
  }

  /** Looks whether an object has to go, and sees to it. */
  async attemptToDelete(node: GraphNode, signal: AbortSignal): Promise<void> {
    const { graph } = this.#deps;
    if (node.beingDeleted && !node.deletingDependents) return;
    const latest = await this.#read(node.identity, signal);
    const { type, uid } = node.identity;
    if (latest === undefined) {
      // Unless news of it came meanwhile: then that is looked at.
      if (graph.get(uid) === node) this.#deps.onWork(graph.remove(uid));
      return;
    }
    if (node.virtual && graph.get(uid) === node) this.#deps.onWork(graph.put(type, latest));
    await this.#judge(graph.get(uid) ?? node, latest, signal);
  }

  async #judge(node: GraphNode, latest: KubeObject, signal: AbortSignal): Promise<void> {
    if (node.deletingDependents) {
      await this.#finishForeground(node, latest, signal);
      return;
    }
    const owners = await Promise.all((latest.metadata.ownerReferences ?? []).map(async (reference) => ({ reference, state: await this.#stateOf(latest, reference, signal) })));
    const dependentsAreDeleting = [...node.dependents].some(({ deletingDependents }) => deletingDependents);
    const action = planCollect({ metadata: latest.metadata, owners, hasDependents: node.dependents.size > 0, dependentsAreDeleting });
    if (action.kind === 'keep') return;
    if (action.kind === 'setOwners') {
      await this.#patch(node.identity, latest, { ownerReferences: [...action.owners] }, signal);
      return;
    }
    const fresh = action.unblock === undefined ? latest : await this.#patch(node.identity, latest, { ownerReferences: [...action.unblock] }, signal);
    if (fresh === undefined) return;
    const { type, namespace, name, uid } = node.identity;
    const { resourceVersion } = fresh.metadata;
    await this.#deps.api.delete(type, { namespace, name }, { signal, propagationPolicy: action.policy, preconditions: { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) } }).catch(unlessGone);
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
    this.#deps.onWork({ attemptToDelete: new Set(blocking.filter(({ deletingDependents }) => !deletingDependents)), attemptToOrphan: new Set() });
  }

  async #removeFinalizer(identity: Identity, latest: KubeObject, finalizer: string, signal: AbortSignal): Promise<void> {
    const finalizers = latest.metadata.finalizers ?? [];
    if (latest.metadata.deletionTimestamp === undefined || !finalizers.includes(finalizer)) return;
    await this.#patch(identity, latest, { finalizers: finalizers.filter((name) => name !== finalizer) }, signal);
  }

  async #stateOf(dependent: KubeObject, reference: metav1.OwnerReference, signal: AbortSignal): Promise<OwnerState> {
    if (this.#absent.has(reference.uid)) return 'absent';
    const type = this.#deps.lookup(reference.apiVersion, reference.kind);
    // Absence cannot be shown for what cannot be asked for.
    if (type === undefined) throw new Error(`owner ${reference.apiVersion} ${reference.kind} ${reference.name}: no such kind is known`);
    const namespace = dependent.metadata.namespace ?? '';
    if (type.namespaced && namespace === '') {
      this.#deps.onBadOwner(dependent, reference);
      return 'solid';
    }
    const owner = await this.#read({ type, namespace: type.namespaced ? namespace : '', name: reference.name, uid: reference.uid }, signal);
    if (owner === undefined) {
      this.#noteAbsent(reference.uid);
      return 'absent';
    }
    const { deletionTimestamp, finalizers = [] } = owner.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waitingForDependents' : 'solid';
  }

  /** A consistent read of this very incarnation; undefined when it is no more. */
  async #read({ type, namespace, name, uid }: Identity, signal: AbortSignal): Promise<KubeObject | undefined> {
    try {
      const object = await this.#deps.api.get(type, { namespace, name }, { signal });
      return object.metadata.uid === uid ? object : undefined;
    } catch (error) {
      if (isAbsent(error, name)) return undefined;
      throw error;
    }
  }

  async #patch({ type, namespace, name, uid }: Identity, latest: KubeObject, change: Partial<metav1.ObjectMeta>, signal: AbortSignal): Promise<KubeObject | undefined> {
    const { resourceVersion } = latest.metadata;
    const metadata = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }), ...change };
    return this.#deps.api.patch(type, { namespace, name }, 'merge', { metadata }, { signal }).catch(unlessGone);
  }

  #noteAbsent(uid: string): void {
    this.#absent.add(uid);
    if (this.#absent.size > MAX_ABSENT) for (const oldest of this.#absent) return void this.#absent.delete(oldest);
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
