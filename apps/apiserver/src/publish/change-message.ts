import { changev1, objectv1 } from '@navarch/proto';
import type { CacheEvent, WatchType } from '@navarch/storage';
import type { KubeObject } from '@navarch/api';
import { metadataBytes } from '../http/metadata-answer';
import { nameOfKey } from '../registry/keys';
import type { ResourceStore } from '../registry/resource-store';

/** NATS cuts a connection that sends more than 1 MiB; half of it leaves room for the envelope (rules 3.7). */
const MAX_BODY_BYTES = 512 * 1024;
const NO_BODY = Buffer.alloc(0);

const TYPES: Readonly<Record<WatchType, objectv1.EventType>> = {
  ADDED: objectv1.EventType.ADDED,
  MODIFIED: objectv1.EventType.MODIFIED,
  DELETED: objectv1.EventType.DELETED,
};

function bodyOf({ definition }: ResourceStore, { object }: CacheEvent<KubeObject>): { completeness: changev1.Completeness; body: Buffer } {
  const body = definition.publish === 'full' ? object.bytes : definition.publish === 'metadata' ? metadataBytes(object, 'v1') : NO_BODY;
  if (definition.publish === 'key' || body.length > MAX_BODY_BYTES) return { completeness: changev1.Completeness.KEY, body: NO_BODY };
  return { completeness: definition.publish === 'full' ? changev1.Completeness.FULL : changev1.Completeness.METADATA, body };
}

/** The message about one change: it names its own version and those before it, so that it proves itself (rules 3.1). */
export function changeMessage(store: ResourceStore, event: CacheEvent<KubeObject>, epoch: string): changev1.Change {
  const { group, storageVersion: version, resource } = store.definition;
  return {
    epoch,
    prev: BigInt(event.prev),
    prevNode: BigInt(event.prevNode ?? 0),
    rv: BigInt(event.resourceVersion),
    type: TYPES[event.type],
    key: { resource: { group, version, resource }, ...nameOfKey(store.prefix, event.key) },
    uid: event.object.description.uid,
    ...bodyOf(store, event),
  };
}

/** Says that nothing of a class is missing up to a version (rules 3.3). */
export function bookmarkMessage(epoch: string, prev: number, rv: number): changev1.Change {
  return {
    epoch, prev: BigInt(prev), prevNode: 0n, rv: BigInt(rv), type: objectv1.EventType.BOOKMARK, key: undefined, uid: '',
    completeness: changev1.Completeness.UNSPECIFIED, body: NO_BODY,
  };
}
