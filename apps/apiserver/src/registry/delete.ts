import type { KubeObject } from '@navarch/api';
import { conflict, notFound } from '@navarch/apimachinery';
import { revisionOf } from '@navarch/storage';
import type { AdmissionAttributes } from '../pipeline';
import { askedAs } from './asked-as';
import { commitPut } from './commit-put';
import type { DeleteOptions } from './delete-options';
import { FOREGROUND, hasFinalizers, ORPHAN } from './deletion-state';
import { findFresh } from './freshness';
import { graceFor, isPending, markDeleted } from './grace-period';
import { lostTo, removeNow } from './remove';
import type { Cached, ResourceStore } from './resource-store';
import { guarded } from './store-failure';
import { admissionContext, type WriteContext } from './write-context';
import { cachedForm, putOp, sameContent } from './write-outcome';

export interface Deleted {
  /** As it was last, with the version of the delete; or as it now waits. */
  readonly object: Cached;
  /** False while it waits for its grace period or finalizers. */
  readonly gone: boolean;
}

/** As upstream's BeforeDelete, which names the kind where others name the resource. @throws conflict */
function requirePreconditions(resource: ResourceStore, current: Cached, name: string, { preconditions }: DeleteOptions): void {
  const { uid = '' } = current.object.metadata;
  const { group, kind } = resource.definition;
  const version = String(current.resourceVersion);
  if (preconditions?.uid !== undefined && preconditions.uid !== uid)
    throw conflict(
      { group, resource: kind },
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== version)
    throw conflict(
      { group, resource: kind },
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`,
    );
}

/** The finalizers that the propagation policy asks for, as upstream's deletionFinalizersForGarbageCollection. */
function finalizersFor(resource: ResourceStore, object: KubeObject, options: DeleteOptions): string[] {
  const before = object.metadata.finalizers ?? [];
  const policy =
    resource.definition.defaultPropagation === 'Unsupported'
      ? 'Background'
      : (options.propagation ?? (before.includes(ORPHAN) ? 'Orphan' : before.includes(FOREGROUND) ? 'Foreground' : resource.definition.defaultPropagation));
  const own = resource.definition.deletionFinalizer;
  const kept = before.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  if (own !== undefined && object.metadata.deletionTimestamp === undefined && !kept.includes(own)) kept.push(own);
  if (policy === 'Orphan') return [...kept, ORPHAN];
  return policy === 'Foreground' ? [...kept, FOREGROUND] : kept;
}

function admissionFor(resource: ResourceStore, current: Cached, { given }: DeleteOptions, context: WriteContext, name: string, namespace: string): AdmissionAttributes {
  const { group, storageVersion: version, resource: plural, kind, namespaced } = resource.definition;
  return {
    operation: 'DELETE', group, version, resource: plural, subresource: '', kind, namespaced,
    namespace: group === '' && plural === 'namespaces' ? name : namespace,
    name: context.ofCollection === true ? '' : name, object: undefined, oldObject: current.object as KubeObject,
    options: { ...given }, ...admissionContext(context),
  };
}

async function attempt(resource: ResourceStore, current: Cached, options: DeleteOptions, context: WriteContext): Promise<Deleted | { lost: Cached | undefined }> {
  const { deps, definition } = resource;
  const object = current.parse();
  const finalizers = finalizersFor(resource, object, options);
  const grace = graceFor(object, options.gracePeriodSeconds, definition.gracePeriodSeconds);
  object.metadata.finalizers = finalizers;
  const waits = hasFinalizers(resource, object) || (grace ?? 0) > 0;
  // What is kept from being deleted shows how it would have been marked, where its kind is told of grace.
  if (!waits && context.dryRun && grace !== undefined) {
    markDeleted(object, grace, deps.clock.now());
    delete object.metadata.finalizers;
    return { object: cachedForm(resource, current.key, resource.encode(object), current.resourceVersion), gone: true };
  }
  if (!waits) {
    const removed = await removeNow(resource, current, context);
    return 'lost' in removed ? removed : { object: removed, gone: true };
  }
  markDeleted(object, grace ?? 0, deps.clock.now());
  if (finalizers.length === 0) delete object.metadata.finalizers;
  definition.onDeletionMarked?.(object, deps.clock.now());
  const json = resource.encode(object);
  if (sameContent(resource, current, json)) return { object: current, gone: false };
  if (context.dryRun) return { object: cachedForm(resource, current.key, json, current.resourceVersion), gone: false };
  const put = await putOp(resource, current.key, json, revisionOf(current.resourceVersion));
  const outcome = await commitPut(resource, put, object, undefined, context);
  return outcome.ok ? { object: outcome.object, gone: false } : lostTo(resource, current.key, outcome.current[0]);
}

/** Deletes an object, at once or by marking it. @throws notFound, conflict */
export function remove(resource: ResourceStore, namespace: string, name: string, options: DeleteOptions, context: WriteContext): Promise<Deleted> {
  const key = resource.key(namespace, name);
  return resource.locks.run(key, () => guarded(resource.groupResource, 'delete', async () => {
    let current = resource.objects.get(key);
    let confirmed = false;
    for (;;) {
      if (!current && !confirmed) {
        confirmed = true;
        current = await findFresh(resource, key);
      }
      if (!current) throw notFound(askedAs(resource.groupResource, context.requested), name);
      requirePreconditions(resource, current, name, options);
      if (isPending(current.object as KubeObject, options.gracePeriodSeconds, resource.definition.gracePeriodSeconds)) return { object: current, gone: false };
      if (!context.trusted) {
        const attributes = admissionFor(resource, current, options, context, name, namespace);
        await resource.deps.admission.mutate(attributes);
        await resource.deps.admission.validate(attributes);
      }
      const result = await attempt(resource, current, options, context);
      if (!('lost' in result)) return result;
      current = result.lost;
      confirmed = true;
    }
  }));
}
