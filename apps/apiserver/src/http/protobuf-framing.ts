import { frameWatchEvent, notAcceptable } from '@navarch/apimachinery';
import { collectionVersion, revisionOf } from '@navarch/storage';
import { encodeProtobuf, supportsProtobuf } from '../codec/protobuf-body';
import type { ExpectedKind } from '../codec/decode-body';
import type { Cached } from '../registry/resource-store';
import type { ServedResource } from '../registry/served-resource';
import type { Framing } from '../watch/framing';
import { CONTENT_TYPE, type Representation } from './accept';
import { BOOKMARK_EVERY_MS, INITIAL_END } from './json-framing';
import { metadataBytes } from './metadata-answer';

export const PROTOBUF_WATCH_TYPE = 'application/vnd.kubernetes.protobuf;stream=watch';

/** Watch events for clients that take nothing but protobuf: each a length and a WatchEvent. @throws notAcceptable */
export function protobufFraming(served: ServedResource, { view, metaVersion }: Representation): Framing {
  const { group, version, kind } = served.facts;
  const shown: ExpectedKind = view === 'metadata' ? { group: 'meta.k8s.io', version: metaVersion, kind: 'PartialObjectMetadata' } : { group, version, kind };
  // Asked once, here: a frame that cannot be made later would end the watch of everybody.
  if (!supportsProtobuf(shown)) throw notAcceptable(Object.values(CONTENT_TYPE));
  const encode = (json: Buffer): Buffer => encodeProtobuf(shown, json) ?? Buffer.alloc(0);
  const bodyOf = (object: Cached): Buffer => encode(view === 'metadata' ? metadataBytes(object, metaVersion) : served.bytes(object));
  const key = `protobuf:${served.apiVersion}:${view}:${metaVersion}`;
  return {
    key,
    bookmarkEveryMs: BOOKMARK_EVERY_MS,
    event: (event, type) => event.frame(type, key, (object) => frameWatchEvent(type, bodyOf(object))),
    initial: (object) => frameWatchEvent('ADDED', bodyOf(object)),
    bookmark: (at, initialEnd) => {
      const metadata = { resourceVersion: String(collectionVersion(revisionOf(at))), ...(initialEnd ? { annotations: INITIAL_END } : {}) };
      return frameWatchEvent('BOOKMARK', encode(Buffer.from(JSON.stringify({ metadata }))));
    },
  };
}
