import { objectv1, packed } from '@navarch/proto';
import type { WatchType } from '@navarch/storage';
import type { Cached } from '../registry/resource-store';
import type { ServedResource } from '../registry/served-resource';
import type { Framing } from '../watch/framing';

/** The contract says at least every five seconds. */
const BOOKMARK_EVERY_MS = 4000;

const TYPES: Readonly<Record<WatchType, objectv1.EventType>> = {
  ADDED: objectv1.EventType.ADDED,
  MODIFIED: objectv1.EventType.MODIFIED,
  DELETED: objectv1.EventType.DELETED,
};

const NO_OBJECT = Buffer.alloc(0);

/** One event as the field of a WatchResponse: such fields, put one after another, are a message. */
const field = (event: objectv1.WatchEvent): Buffer => packed(objectv1.WatchResponse, { epoch: '', events: [event] });

/** Watch events as WatchResponse messages, encoded once for all watchers of a class. */
export function rpcFraming(served: ServedResource, epoch: string): Framing {
  const head = Buffer.from(objectv1.WatchResponse.encode({ epoch, events: [] }).finish());
  const key = `grpc:${served.apiVersion}`;
  return {
    key,
    bookmarkEveryMs: BOOKMARK_EVERY_MS,
    event: (event, type) =>
      event.frame(type, key, (object) => field({ type: TYPES[type], resourceVersion: BigInt(event.resourceVersion), object: served.bytes(object) })),
    initial: (object) => field({ type: objectv1.EventType.ADDED, resourceVersion: BigInt(object.resourceVersion), object: served.bytes(object) }),
    bookmark: (version) => field({ type: objectv1.EventType.BOOKMARK, resourceVersion: BigInt(version), object: NO_OBJECT }),
    ...(served.isPrepared ? { prepare: (objects: readonly Cached[]) => served.prepare(objects) } : {}),
    combine: (frames) => Buffer.concat([head, ...frames]),
  };
}
