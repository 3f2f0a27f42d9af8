/**
 * A decimal, comparable version: etcd revision × 1024 + position within the revision (rules 1.2). Collections
 * (a LIST, a bookmark) are versioned revision × 1024 + 1023: "everything of that revision".
 */
export type ResourceVersion = number;

/** Put a value if the key's mod_revision is as expected (0: it does not exist). */
export interface PutOp {
  readonly kind: 'put';
  readonly key: string;
  /** JSON of the object, beginning with `{"metadata":{"resourceVersion":""` (rules 5.1). */
  readonly json: Buffer;
  /** mod_revision compared; 0 for "must not exist". See `modRevisionOf`. */
  readonly expectedModRevision: number;
  /** Lease from `leaseFor`, for objects that expire (Events). */
  readonly leaseId?: string;
  /** Generation of the schema the JSON was made with, kept in the value's header; 0 when absent. */
  readonly schemaGeneration?: number;
  /** Name of the transformer that has sealed the JSON, kept in the value's header; absent for JSON in the clear. See `SealedStore`. */
  readonly sealedBy?: string;
}

/** Delete a key if its mod_revision is as expected, which must not be 0. */
export interface DeleteOp {
  readonly kind: 'delete';
  readonly key: string;
  readonly expectedModRevision: number;
}

export type WriteOp = PutOp | DeleteOp;

/** Writes that succeed or fail together: one child of a group (rules 1.4, 1.5). At most 100, each key once. */
export interface Write {
  readonly ops: readonly WriteOp[];
}

export type WriteOutcome =
  /** Versions of the ops, in their order. */
  | { readonly ok: true; readonly resourceVersions: readonly ResourceVersion[]; readonly modRevision: number }
  /** A compare failed: the fresh values of all keys, in the order of the ops, read in the same trip. */
  | { readonly ok: false; readonly current: readonly (StoredValue | undefined)[] };

/** A value as etcd holds it. */
export interface StoredValue {
  readonly key: string;
  readonly resourceVersion: ResourceVersion;
  readonly modRevision: number;
  /** The JSON after the header line; not to be changed, and not to be kept (it may share a larger message's memory). */
  readonly json: Buffer;
  readonly schemaGeneration: number;
  /** What has sealed the value in the store; absent for JSON in the clear. */
  readonly sealedBy?: string;
  /** Why `json` is still sealed. */
  readonly unreadable?: string;
}

/** What says how a value was sealed. */
export interface SealedValue {
  readonly key: string;
  readonly sealedBy?: string | undefined;
}

/** One change of one key, as the watch delivers it. */
export type StoreEvent =
  | ({ readonly kind: 'put' } & StoredValue)
  | { readonly kind: 'delete'; readonly key: string; readonly resourceVersion: ResourceVersion };

export interface RangeOptions {
  /** Read at this revision instead of now; every page after the first names the revision the first one answered. */
  readonly revision?: number;
  /** Begin at this key (inclusive) instead of at the prefix. */
  readonly fromKey?: string;
  readonly limit?: number;
}

export interface RangePage {
  readonly values: readonly StoredValue[];
  /** The revision the page is true at. */
  readonly revision: number;
  readonly more: boolean;
  /** Keys from `fromKey` to the end of the prefix, those of this page included. */
  readonly count: number;
}

/** Which history a revision belongs to. A restore from backup begins a new epoch. */
export interface StoreIdentity {
  readonly clusterId: string;
  /** Value of `/navarch/epoch`. */
  readonly epoch: string;
}

/** A quorum read's answer. */
export interface CurrentRevision extends StoreIdentity {
  readonly revision: number;
}

/** Told what the one watch over the whole key space sees (rules 2.1). */
export interface WatchSink {
  /** A stream is open, at first and after each cut: a moment to make sure that the history is still the same. */
  onOpened(): void;
  /** All events of one revision, in their order; revisions only rise. */
  onRevision(revision: number, events: readonly StoreEvent[]): void;
  /** Events were compacted away before they were seen: the watch has ended, start over from a Range. */
  onCompacted(compactRevision: number): void;
}

export interface StoreWatch {
  /** Drops the stream and opens it on another member, from the revision after the last one delivered. */
  reopen(): void;
  close(): void;
}

/** Whether the caller of a write still waits for it: as an AbortSignal tells who asks. */
export type WriteSignal = Pick<AbortSignal, 'aborted' | 'reason'>;

/** The truth (etcd): everything the registry and the cache ask of it. */
export interface Store {
  /**
   * Commits, together with other writes of the same moment. Throws `StoreError`: 'timeout' when the outcome is
   * unknown (never send the write again without reading), 'noSpace', 'leaseNotFound', 'tooLarge', 'unavailable'
   * when nothing was sent, 'abandoned' when the signal aborted before anything was sent. A write with a signal is sent
   * a turn of the event loop later, so that an abort that waits to be read already still counts.
   */
  commit(write: Write, signal?: WriteSignal): Promise<WriteOutcome>;
  /** One linearizable read of a key. */
  get(key: string): Promise<StoredValue | undefined>;
  /** A page of a prefix in key order, linearizable or at an exact revision; throws 'compacted'. */
  range(prefix: string, options?: RangeOptions): Promise<RangePage>;
  /** The current revision by a quorum read that starts after this call; callers that wait share it (rules 2.2). */
  currentRevision(): Promise<CurrentRevision>;
  /** The history this store holds; begins one (an epoch) on an empty store. */
  identity(): Promise<StoreIdentity>;
  /** A lease that outlives ttlSeconds, shared by those who ask within a minute, for one key each (rules 4.1). */
  leaseFor(ttlSeconds: number): Promise<string>;
  /** Whether a value would be sealed differently if it were written now (rules 5.5). */
  isStale(value: SealedValue): boolean;
  /** Watches the whole key space from a revision (inclusive), across reconnects, until closed. */
  watch(fromRevision: number, sink: WatchSink): StoreWatch;
  /** Drops history below a revision. See `Compactor`. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}
