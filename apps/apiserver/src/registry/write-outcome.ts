import { isStoreError, type PutOp, type ResourceVersion, revisionOf } from '@navarch/storage';
import type { Cached, ResourceStore } from './resource-store';

/** What a stored value begins with (rules 5.1): the version goes between the quotes. */
const HEAD = Buffer.from('{"metadata":{"resourceVersion":""');
const METADATA_HEAD = '{"resourceVersion":"';

/** The cached form of JSON that was just written, or would have been. */
export function cachedForm(resource: ResourceStore, key: string, json: Buffer, version: ResourceVersion): Cached {
  return resource.objects.objectFrom({ key, json, resourceVersion: version, modRevision: revisionOf(version), schemaGeneration: resource.definition.storedForm?.generation ?? 0 });
}

/**
 * Waits until this server's own reads show a write (rules 6.2), for at most 3 s: the write is done, and a slow cache does not undo it.
 */
export async function applied(resource: ResourceStore, version: ResourceVersion): Promise<void> {
  try {
    await resource.deps.cache.waitFor(version);
  } catch (error) {
    if (!isStoreError(error)) throw error;
    resource.deps.log.warn({ err: error, resourceVersion: version }, 'answering a write before the cache has applied it');
  }
}

/** The object a put has made, from the cache if it is there already. */
export function written(resource: ResourceStore, put: Pick<PutOp, 'key' | 'json'>, version: ResourceVersion): Cached {
  const cached = resource.objects.get(put.key);
  return cached?.resourceVersion === version ? cached : cachedForm(resource, put.key, put.json, version);
}

/**
 * Whether JSON to store says the same as a cached object, whatever its version: a byte compare (rules 5.4). What would be stored in
 * another form, or sealed by another key, is written all the same.
 */
export function sameContent(resource: ResourceStore, current: Cached, json: Buffer): boolean {
  if (resource.definition.storedForm?.isOutdated(current.schemaGeneration) === true || resource.deps.store.isStale(current)) return false;
  const start = current.metadataBytes.byteOffset - current.bytes.byteOffset + METADATA_HEAD.length + String(current.resourceVersion).length + 1;
  const length = current.bytes.length - start;
  return json.length - HEAD.length === length && json.compare(current.bytes, start, current.bytes.length, HEAD.length) === 0;
}

/** Puts an object's JSON, under a lease where its kind expires. */
export async function putOp(resource: ResourceStore, key: string, json: Buffer, expectedModRevision: number): Promise<PutOp> {
  const { ttlSeconds, storedForm } = resource.definition;
  const put: PutOp = { kind: 'put', key, json, expectedModRevision, ...(storedForm ? { schemaGeneration: storedForm.generation } : {}) };
  return ttlSeconds === undefined ? put : { ...put, leaseId: await resource.deps.store.leaseFor(ttlSeconds) };
}
