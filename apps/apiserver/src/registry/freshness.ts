import { internalError, resourceVersionTooLarge } from '@navarch/apimachinery';
import { isStoreError, type ResourceVersion, type WatchCache } from '@navarch/storage';
import { guarded } from './store-failure';
import type { Cached, ResourceStore } from './resource-store';

/**
 * Makes the cache at least as new as asked: undefined asks for a consistent read, 0 for whatever there is.
 * @returns false when the cache cannot catch up in time, so that a small read had better go to the store
 */
export async function catchUp(resource: ResourceStore, version: ResourceVersion | undefined): Promise<boolean> {
  const { cache } = resource.deps;
  if (!resource.objects.isReady) await resource.objects.ready();
  if (version === 0) return true;
  if (version !== undefined) {
    if (version > cache.version) await guarded(resource.groupResource, 'get', () => waitFor(cache, version));
    return true;
  }
  try {
    await guardedFresh(resource);
    return true;
  } catch (error) {
    if (isStoreError(error, 'futureVersion')) return false;
    throw error;
  }
}

async function waitFor(cache: WatchCache, version: ResourceVersion): Promise<void> {
  try {
    await cache.waitFor(version);
  } catch (error) {
    if (isStoreError(error, 'futureVersion')) throw resourceVersionTooLarge(version, cache.version);
    throw error;
  }
}

async function guardedFresh(resource: ResourceStore): Promise<void> {
  try {
    await resource.deps.cache.fresh();
  } catch (error) {
    if (isStoreError(error, 'futureVersion')) throw error;
    await guarded(resource.groupResource, 'get', () => Promise.reject(error instanceof Error ? error : new Error('storage failed', { cause: error })));
  }
}

/** A consistent read of one key, from the cache if it can catch up. */
export async function findFresh(resource: ResourceStore, key: string): Promise<Cached | undefined> {
  return (await catchUp(resource, undefined)) ? cachedOrStored(resource, key) : stored(resource, key);
}

/** One key as the cache has it. The cache does without values that it could not open: for those the store answers, or says why not. */
export async function cachedOrStored(resource: ResourceStore, key: string): Promise<Cached | undefined> {
  return resource.objects.hasUnreadable(key) ? stored(resource, key) : resource.objects.get(key);
}

/** @throws internalError when the cache does without values of a prefix, and so cannot say what there is */
export function requireReadable({ objects }: ResourceStore, prefix: string): void {
  if (objects.hasUnreadable(prefix)) throw internalError(`unable to transform all values below key "${prefix}"`);
}

function stored(resource: ResourceStore, key: string): Promise<Cached | undefined> {
  return guarded(resource.groupResource, 'get', async () => {
    const value = await resource.deps.store.get(key);
    return value && resource.objects.objectFrom(value);
  });
}
