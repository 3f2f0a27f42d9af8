import { apps, type appsv1, type KubeObject, type metav1, type ResourceType } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import { canonicalJson, claimObjects, controllerReference, isControlledBy, keyOfObject, type ObjectApi, type ObjectSource } from '@navarch/reconcile';
import type { ControllerContext } from '../context';
import { byController, candidatesOf } from '../indexes';
import { planHistory, type ObservedHistory } from './revisions';

type Revision = appsv1.ControllerRevision;

/** The revision of the present template, and the count that had to be raised to find a free name for it. */
export interface CurrentRevision {
  readonly revision: Revision;
  readonly collisionCount?: number;
}

/** Keeps the history of owners that have no ReplicaSets to remember their templates by. */
export class ControllerHistory<O extends KubeObject> {
  readonly revisions: ObjectSource<Revision>;
  readonly #api: ObjectApi;
  readonly #ownerType: ResourceType<O>;

  constructor(ownerType: ResourceType<O>, { api, sources }: ControllerContext) {
    this.#api = api;
    this.#ownerType = ownerType;
    this.revisions = sources.informer(apps.controllerrevisions, { indexes: byController });
  }

  /** The revisions of an owner; orphans that match its selector become its own. */
  claim(owner: O, selector: metav1.LabelSelector | undefined, signal: AbortSignal): Promise<Revision[]> {
    return claimObjects(this.#api, { type: apps.controllerrevisions, candidates: candidatesOf(this.revisions, owner), ownerType: this.#ownerType, owner, selector }, signal);
  }

  /** Sees to it that the present template is the newest revision. */
  async ensure(observed: Omit<ObservedHistory, 'controller'> & { readonly owner: O }, signal: AbortSignal): Promise<CurrentRevision> {
    const { collisionCount } = observed;
    const { action, revision } = planHistory({ ...observed, controller: controllerReference(this.#ownerType, observed.owner) });
    const counted = collisionCount === undefined ? {} : { collisionCount };
    if (action === 'none') return { revision, ...counted };
    if (action === 'renumber') return { revision: await this.#api.update(apps.controllerrevisions, revision, { signal }), ...counted };
    try {
      return { revision: await this.#api.create(apps.controllerrevisions, revision, { signal }), ...counted };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const taken = await this.#api.get(apps.controllerrevisions, keyOfObject(revision), { signal });
      // Made by ourselves and not seen yet. Another's: the hash must become another.
      if (isControlledBy(taken, observed.owner) && canonicalJson(taken.data) === canonicalJson(revision.data)) return { revision: taken, ...counted };
      return this.ensure({ ...observed, collisionCount: (collisionCount ?? 0) + 1 }, signal);
    }
  }

  async remove(revisions: readonly Revision[], signal: AbortSignal): Promise<void> {
    for (const revision of revisions) {
      await this.#api.delete(apps.controllerrevisions, keyOfObject(revision), { signal }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }
}
