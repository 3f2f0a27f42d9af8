import type { KubeObject } from '@navarch/api';
import { revisionOf, type StoredValue } from '@navarch/storage';
import { findFresh } from './freshness';
import type { Cached, ResourceStore } from './resource-store';
import type { WriteContext } from './write-context';
import { applied, cachedForm } from './write-outcome';

/**
 * Deletes the key, if it still is at the version of `current`. @returns the object with the version of the delete (rules 1.8), or
 * what is there instead
 */
export async function removeNow(resource: ResourceStore, current: Cached, context: WriteContext, last?: KubeObject): Promise<Cached | { lost: Cached | undefined }> {
  const { deps } = resource;
  const state = last ? cachedForm(resource, current.key, resource.encode(last), current.resourceVersion) : current;
  if (context.dryRun) return state;
  const companions = await resource.companions?.onDelete(current);
  try {
    const remove = { kind: 'delete', key: current.key, expectedModRevision: revisionOf(current.resourceVersion) } as const;
    const outcome = await deps.store.commit({ ops: companions ? [remove, ...companions.ops] : [remove] }, context.abandonment);
    if (!outcome.ok) return await lostTo(resource, current.key, outcome.current[0]);
    const version = outcome.resourceVersions[0] ?? 0;
    await applied(resource, version);
    return state.withVersion(version);
  } finally {
    companions?.release();
  }
}

/** What a lost compare leaves to go on with. Where companions may have been the losers, the cache is made fresh too. */
export async function lostTo(resource: ResourceStore, key: string, fresh: StoredValue | undefined): Promise<{ lost: Cached | undefined }> {
  if (resource.companions) return { lost: await findFresh(resource, key) };
  return { lost: fresh && resource.objects.objectFrom(fresh) };
}
