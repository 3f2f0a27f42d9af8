import type { metav1 } from '@navarch/api';
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
const BOOKMARK = Buffer.from('{"type":"BOOKMARK","object":');

/** Upstream's bookmark frequency. */
export const BOOKMARK_EVERY_MS = 60_000;

/** Marks the bookmark after the last object that was there before the watch. */
export const INITIAL_END = { 'k8s.io/initial-events-end': 'true' };

/** Watch events as lines of JSON: the object's own bytes in an envelope. */
export function jsonFraming(served: ServedResource, representation: Representation, table: TableWriter): Framing {
  const { view, metaVersion } = representation;
  const isTable = view === 'table';
  // Only the first table of a watch tells what the columns are.
  const later = framingOf(served, view === 'metadata' ? metadataForm(metaVersion) : isTable ? tableForm(table, false) : objectForm(served));
  return isTable ? { ...later, first: framingOf(served, tableForm(table, true)) } : later;
}

/** How an object looks in an event. */
interface Form {
  /** Empty where an event holds the object as it is stored. */
  readonly name: string;
  /** Whether another server may have to convert the object before. */
  readonly isWhole: boolean;
  readonly bytesOf: (object: Cached) => Buffer;
  readonly bookmark: (metadata: metav1.ObjectMeta) => Buffer;
}

const objectForm = (served: ServedResource): Form => ({
  name: served.versionKey ?? '',
  isWhole: true,
  bytesOf: (object) => served.bytes(object),
  bookmark: (metadata) => Buffer.from(JSON.stringify({ kind: served.facts.kind, apiVersion: served.apiVersion, metadata })),
});

const metadataForm = (version: Representation['metaVersion']): Form => ({
  name: `metadata:${version}`,
  isWhole: false,
  bytesOf: (object) => metadataBytes(object, version),
  bookmark: (metadata) => Buffer.from(JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata })),
});

const tableForm = (table: TableWriter, isTitled: boolean): Form => ({
  name: isTitled ? `titled:${table.key}` : table.key,
  isWhole: true,
  bytesOf: (object) => table.one(object, isTitled),
  bookmark: (metadata) => table.bookmark(metadata, isTitled),
});

function framingOf(served: ServedResource, { name, isWhole, bytesOf, bookmark }: Form): Framing {
  const frame = (object: Cached, type: keyof typeof heads): Buffer => Buffer.concat([heads[type], bytesOf(object), TAIL]);
  return {
    key: `json:${served.apiVersion}:${name}`,
    bookmarkEveryMs: BOOKMARK_EVERY_MS,
    ...(served.isPrepared && isWhole ? { prepare: (objects: readonly Cached[]) => served.prepare(objects) } : {}),
    event: (event, type) => (name === '' ? event.frame(type) : event.frame(type, name, (object) => frame(object, type))),
    initial: (object) => frame(object, 'ADDED'),
    bookmark: (version, initialEnd) => {
      const metadata = { resourceVersion: String(collectionVersion(revisionOf(version))), ...(initialEnd ? { annotations: INITIAL_END } : {}) };
      return Buffer.concat([BOOKMARK, bookmark(metadata), TAIL]);
    },
  };
}
