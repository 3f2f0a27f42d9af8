import type { KubeObject, metav1, ResourceType } from '@navarch/api';
import { isInvalid, isNotFound } from '@navarch/apimachinery';
import { keyOfObject, type ObjectApi } from '../ports';
import { controllerReference } from './owner-references';
import { planClaims, type ClaimRules } from './plan-claims';

export interface ClaimRequest<T extends KubeObject, O extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly candidates: readonly T[];
  readonly ownerType: ResourceType<O>;
  readonly owner: O;
  readonly selector: metav1.LabelSelector | undefined;
  readonly member?: ClaimRules<T>['member'];
  readonly adoptable?: ClaimRules<T>['adoptable'];
  /** Set on what is adopted, with the reference. */
  readonly finalizer?: string;
}

/**
 * Makes the objects that match an owner's selector its own and lets go of those that do not; answers with what it
 * owns. Before the first adoption the owner itself is read: a stale cache must not adopt for one that is gone.
 */
export async function claimObjects<T extends KubeObject, O extends KubeObject>(api: ObjectApi, request: ClaimRequest<T, O>, signal?: AbortSignal): Promise<T[]> {
  const { type, candidates, ownerType, owner, selector, member, adoptable, finalizer } = request;
  const { owned, adopt, release } = planClaims(candidates, { owner, selector, ...(member === undefined ? {} : { member }), ...(adoptable === undefined ? {} : { adoptable }) });
  const options = signal === undefined ? {} : { signal };
  if (adopt.length > 0) await confirmOwner(api, ownerType, owner, signal);
  const adopted = await Promise.all(adopt.map(async (object) => {
    const ownerReferences = withController(object.metadata.ownerReferences ?? [], controllerReference(ownerType, owner));
    const finalizers = finalizer === undefined ? {} : { finalizers: [...new Set([...(object.metadata.finalizers ?? []), finalizer])] };
    return ignoreGone(api.patch(type, keyOfObject(object), 'merge', { metadata: { ownerReferences, ...finalizers, ...precondition(object) } }, options));
  }));
  await Promise.all(release.map(async (object) => {
    const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
    return ignoreGone(api.patch(type, keyOfObject(object), 'merge', { metadata: { ownerReferences, ...precondition(object) } }, options));
  }));
  return [...owned, ...adopted.filter((object) => object !== undefined)];
}

/** A reference to the owner that does not say that it controls becomes the one that does: an owner is named once. */
function withController(references: readonly metav1.OwnerReference[], controller: metav1.OwnerReference): metav1.OwnerReference[] {
  const isNamed = references.some(({ uid }) => uid === controller.uid);
  return isNamed ? references.map((reference) => (reference.uid === controller.uid ? controller : reference)) : [...references, controller];
}

/** The merge patch replaces the whole list, so it must be about the list that was read. */
function precondition({ metadata }: KubeObject): { uid?: string; resourceVersion?: string } {
  return {
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
  };
}

async function confirmOwner<O extends KubeObject>(api: ObjectApi, type: ResourceType<O>, owner: O, signal?: AbortSignal): Promise<void> {
  const fresh = await api.get(type, keyOfObject(owner), signal === undefined ? {} : { signal });
  const { namespace = '', name = '', uid = '' } = owner.metadata;
  if (fresh.metadata.uid !== uid) throw new Error(`original ${type.kind} ${namespace}/${name} is gone: got uid ${fresh.metadata.uid ?? ''}, wanted ${uid}`);
  if (fresh.metadata.deletionTimestamp !== undefined) throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
}

/** Gone, or another object by now: then there is nothing to adopt or release. */
async function ignoreGone<T>(patched: Promise<T>): Promise<T | undefined> {
  try {
    return await patched;
  } catch (error) {
    if (isNotFound(error) || isInvalid(error)) return undefined;
    throw error;
  }
}
