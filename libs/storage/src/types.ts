/** A decimal, comparable version: etcd revision × 1024 + position (rules 1.2). */
export type ResourceVersion = number;

/** Put a value if the key's mod_revision is as expected (0: it does not exist). */
export interface PutOp {
  readonly kind: 'put';
  readonly key: string;
  /** JSON of the object, beginning with `{"metadata":{"resourceVersion":""` (rules 5.1). */
  readonly json: Buffer;
  /** mod_revision compared; 0 for "must not exist". */
  readonly expectedModRevision: number;
  /** Lease, for objects that expire (Events). */
  readonly leaseId?: string;
}

export interface DeleteOp {
  readonly kind: 'delete';
  readonly key: string;
  readonly expectedModRevision: number;
}

/** Writes that succeed or fail together: one child of a group (rules 1.4, 1.5). */
export interface Write {
  readonly ops: readonly (PutOp | DeleteOp)[];
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
  /** The JSON after the header line, transformed back if it was sealed. */
  readonly json: Buffer;
}

/** The truth (etcd): everything the registry asks of it. */
export interface Store {
  /** Commits in groups. Throws `StoreError` with code 'timeout' when the outcome is unknown, 'unavailable' when nothing was sent. */
  commit(write: Write, signal?: AbortSignal): Promise<WriteOutcome>;
  /** One linearizable read of a key. */
  get(key: string): Promise<StoredValue | undefined>;
  /** A page of a prefix at an exact revision; throws 'compacted'. */
  range(prefix: string, options: { revision?: number; fromKey?: string; limit?: number }): Promise<{ values: StoredValue[]; revision: number; more: boolean; count: number }>;
  /** The current revision by a quorum read that started after this call; callers share reads (rules 2.2). */
  currentRevision(): Promise<number>;
  /** A lease shared by all that ask within one minute for the same ttl (rules 4.1). */
  leaseFor(ttlSeconds: number): Promise<string>;
  close(): Promise<void>;
}
