import { collectionVersion, revisionOf } from '@navarch/storage';
import type { Cached } from '../registry/resource-store';
import type { ServedResource } from '../registry/served-resource';
import type { Framing } from '../watch/framing';
import type { Representation } from './accept';
import { metadataBytes } from './metadata-answer';
import type { TableWriter } from './table-answer';

const TAIL = Buffer.from('}\n');
const heads = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;

/** Upstream's bookmark frequency. */
export const BOOKMARK_EVERY_MS = 60_000;

/** Marks the bookmark after the last object that was there before the watch. */
export const INITIAL_END = { 'k8s.io/initial-events-end': 'true' };

/** Watch events as lines of JSON: the object's own bytes in an envelope. */
export function jsonFraming(served: ServedResource, representation: Representation, table: TableWriter): Framing {
  const { view, metaVersion } = representation;
  const { kind } = served.facts;
  const bytesOf = (object: Cached): Buffer => {
    if (view === 'metadata') return metadataBytes(object, metaVersion);
    return view === 'table' ? table.one(object) : served.bytes(object);
  };
  const identity = view === 'object' ? { kind, apiVersion: served.apiVersion } : view === 'table' ? table.identity : { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${metaVersion}` };
  const name = view === 'object' ? (served.versionKey ?? '') : view === 'table' ? table.key : `metadata:${metaVersion}`;
  const frame = (object: Cached, type: keyof typeof heads): Buffer => Buffer.concat([heads[type], bytesOf(object), TAIL]);
  return {
    key: `json:${served.apiVersion}:${name}`,
    bookmarkEveryMs: BOOKMARK_EVERY_MS,
    ...(served.isPrepared && view !== 'metadata' ? { prepare: (objects: readonly Cached[]) => served.prepare(objects) } : {}),
    event: (event, type) => (name === '' ? event.frame(type) : event.frame(type, name, (object) => frame(object, type))),
    initial: (object) => frame(object, 'ADDED'),
    bookmark: (version, initialEnd) => {
      const metadata = { resourceVersion: String(collectionVersion(revisionOf(version))), ...(initialEnd ? { annotations: INITIAL_END } : {}) };
      return Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object: { ...identity, metadata, ...(view === 'table' ? table.empty : {}) } })}\n`);
    },
  };
}
