import type { KubeObject } from '@navarch/api';
import { conflict, formatTime, notFound, parseTime } from '@navarch/apimachinery';
import { revisionOf } from '@navarch/storage';
import type { AdmissionAttributes } from '../pipeline';
import { askedAs } from './asked-as';
import type { DeleteOptions } from './delete-options';
import { FOREGROUND, hasFinalizers, ORPHAN } from './deletion-state';
import { findFresh } from './freshness';
import { lostTo, removeNow } from './remove';
import type { Cached, ResourceStore } from './resource-store';
import { guarded } from './store-failure';
import { admissionContext, type WriteContext } from './write-context';
import { applied, cachedForm, putOp, sameContent, written } from './write-outcome';

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

/**
 * The seconds to wait before the object may go, for kinds with graceful deletion; undefined: no waiting. A second delete can only
 * shorten the wait.
 */
function graceFor(resource: ResourceStore, object: KubeObject, options: DeleteOptions): number | undefined {
  const asked = options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  const period = resource.definition.gracePeriodSeconds?.(object, asked);
  const present = object.metadata.deletionTimestamp === undefined ? undefined : (object.metadata.deletionGracePeriodSeconds ?? 0);
  if (period === undefined || present === undefined) return period;
  return asked === undefined ? present : Math.min(period, present);
}

/** Marks the object as being deleted. Changes and returns it. */
function marked(object: KubeObject, grace: number, finalizers: string[], nowMs: number): KubeObject {
  const { metadata } = object;
  const before = metadata.deletionGracePeriodSeconds;
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = formatTime(nowMs + grace * 1000);
    if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
  } else if (before !== undefined && grace < before) {
    // Counted from when the deletion began.
    const start = (parseTime(metadata.deletionTimestamp) ?? nowMs) - before * 1000;
    metadata.deletionTimestamp = formatTime(Math.max(start + grace * 1000, 0));
  }
  metadata.deletionGracePeriodSeconds = before === undefined ? grace : Math.min(before, grace);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  return object;
}

function admissionFor(resource: ResourceStore, current: Cached, { given }: DeleteOptions, context: WriteContext, name: string, namespace: string): AdmissionAttributes {
  const { group, storageVersion: version, resource: plural, kind, namespaced } = resource.definition;
  return {
    operation: 'DELETE', group, version, resource: plural, subresource: '', kind, namespaced,
    namespace: group === '' && plural === 'namespaces' ? name : namespace,
    name, object: undefined, oldObject: current.object as KubeObject,
    options: { ...given }, ...admissionContext(context),
  };
}

async function attempt(resource: ResourceStore, current: Cached, name: string, options: DeleteOptions, context: WriteContext): Promise<Deleted | { lost: Cached | undefined }> {
  requirePreconditions(resource, current, name, options);
  const { deps } = resource;
  const object = current.parse();
  const finalizers = finalizersFor(resource, object, options);
  const grace = graceFor(resource, object, options);
  object.metadata.finalizers = finalizers;
  const waits = hasFinalizers(resource, object) || (grace ?? 0) > 0;
  if (!waits) {
    const removed = await removeNow(resource, current, context);
    return 'lost' in removed ? removed : { object: removed, gone: true };
  }
  marked(object, grace ?? 0, finalizers, deps.clock.now());
  resource.definition.onDeletionMarked?.(object, deps.clock.now());
  const json = resource.encode(object);
  if (sameContent(resource, current, json)) return { object: current, gone: false };
  if (context.dryRun) return { object: cachedForm(resource, current.key, json, current.resourceVersion), gone: false };
  const put = await putOp(resource, current.key, json, revisionOf(current.resourceVersion));
  const outcome = await deps.store.commit({ ops: [put] }, context.signal);
  if (!outcome.ok) return lostTo(resource, current.key, outcome.current[0]);
  const version = outcome.resourceVersions[0] ?? 0;
  await applied(resource, version);
  return { object: written(resource, put, version), gone: false };
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
      if (!context.trusted) {
        const attributes = admissionFor(resource, current, options, context, name, namespace);
        await resource.deps.admission.mutate(attributes);
        await resource.deps.admission.validate(attributes);
      }
      const result = await attempt(resource, current, name, options, context);
      if (!('lost' in result)) return result;
      current = result.lost;
      confirmed = true;
    }
  }));
}
