import type { KubeObject } from '@navarch/api';
import { type JsonObject, sameButManagedTimes } from '@navarch/apimachinery';
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
 * another form, or sealed by another key, is written all the same. Given the object that is stored, its managers' times may differ:
 * who applies every minute what the server writes in other words, such as a quantity, changes nothing.
 */
export function sameContent(resource: ResourceStore, current: Cached, json: Buffer, object?: KubeObject): boolean {
  if (resource.definition.storedForm?.isOutdated(current.schemaGeneration) === true || resource.deps.store.isStale(current)) return false;
  const start = current.metadataBytes.byteOffset - current.bytes.byteOffset + METADATA_HEAD.length + String(current.resourceVersion).length + 1;
  const length = current.bytes.length - start;
  if (json.length - HEAD.length !== length) return false;
  if (json.compare(current.bytes, start, current.bytes.length, HEAD.length) === 0) return true;
  return object !== undefined && onlyTimesDiffer(current, json, object);
}

/** Of two forms of the same length: times are. */
function onlyTimesDiffer(current: Cached, json: Buffer, { metadata }: KubeObject): boolean {
  const { bytes, metadataBytes } = current;
  const rest = metadataBytes.byteOffset - bytes.byteOffset + metadataBytes.length;
  if (json.compare(bytes, rest, bytes.length, json.length - (bytes.length - rest)) !== 0) return false;
  return sameButManagedTimes({ metadata: current.object.metadata } as unknown as JsonObject, { metadata } as unknown as JsonObject);
}

/** Puts an object's JSON, under a lease where its kind expires. */
export function putOp(resource: ResourceStore, key: string, json: Buffer, expectedModRevision: number): PutOp | Promise<PutOp> {
  const { ttlSeconds, storedForm } = resource.definition;
  const put: PutOp = { kind: 'put', key, json, expectedModRevision, ...(storedForm ? { schemaGeneration: storedForm.generation } : {}) };
  return ttlSeconds === undefined ? put : resource.deps.store.leaseFor(ttlSeconds).then((leaseId) => ({ ...put, leaseId }));
}
