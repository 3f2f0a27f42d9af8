import { type ResourceVersion, type StoredValue } from './types';

/** An object shared by all its readers: copy it (`CachedObject.parse`), never change it. */
export type DeepReadonly<T> = T extends (infer E)[] ? readonly DeepReadonly<E>[]
  : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** What selectors and the change publisher need to know of an object. */
export interface Description {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Values of the field selectors this resource supports, such as `spec.nodeName`. */
  readonly fields: Readonly<Record<string, string>>;
  /** For pods that have one, spec.nodeName: the node class the object belongs to (rules 3). */
  readonly node?: string | undefined;
}

/** A resource as the cache knows it: bytes under a prefix, and how to look into them. */
export interface CachedResource<T extends object = object> {
  /** `/registry/<group|core>/<resource>/`. */
  readonly prefix: string;
  /** What the served bytes say (rules 5.1): the storage version. */
  readonly apiVersion: string;
  readonly kind: string;
  /** True for pods: objects have a node class, kept in an index. */
  readonly hasNodes?: boolean;
  /** Called once for each write of this apiserver (`ResourceCache.expect`), for each event of others, or on first need after a cold start. */
  describe(object: DeepReadonly<T>): Description;
  /** Decodes served bytes; JSON.parse unless given. */
  decode?(json: Buffer): T;
  /** Generation of the schema that runs; values stored by an older one pass through `upgrade` when they are loaded. */
  readonly schemaGeneration?: number;
  /** Brings the stored JSON of an older generation up to date: same form as `PutOp.json`. */
  upgrade?(json: Buffer, schemaGeneration: number): Buffer;
}

/**
 * An object at one version. Immutable. Holds the served bytes; all else is made from them on first use.
 */
export interface CachedObject<T extends object = object> {
  /** The storage key. */
  readonly key: string;
  readonly resourceVersion: ResourceVersion;
  /** Ready to serve: `{"apiVersion":…,"kind":…,"metadata":{"resourceVersion":"…",…},…}`. */
  readonly bytes: Buffer;
  /** The slice of `bytes` that is the metadata object. */
  readonly metadataBytes: Buffer;
  /** Parsed, shared, kept only while memory allows. */
  readonly object: DeepReadonly<T>;
  /** Parsed anew, for the caller to change: cheaper than cloning `object`. */
  parse(): T;
  readonly description: Description;
  /** Generation of the schema the object was stored with; a no-op update with an older one is still a no-op. */
  readonly schemaGeneration: number;
  /** What has sealed it in the store; see `Store.isStale`. */
  readonly sealedBy: string | undefined;
  /**
   * Anything derived from this object, made once and kept with it: the bytes of another served version, table
   * cells, PartialObjectMetadata. The key names the representation and its schema generation (rules 5.3).
   */
  represent<R>(key: string, make: (object: CachedObject<T>) => R): R;
  /** The same content at another version: what DELETED events and delete answers carry. */
  withVersion(version: ResourceVersion): CachedObject<T>;
}

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One applied change. Immutable, shared by all subscribers. */
export interface CacheEvent<T extends object = object> {
  readonly type: WatchType;
  readonly key: string;
  readonly resourceVersion: ResourceVersion;
  /** The new state; for DELETED the last state, with the version of the delete. */
  readonly object: CachedObject<T>;
  /** The state before; undefined for ADDED. */
  readonly previous: CachedObject<T> | undefined;
  /** Version of the resource's previous event, or where this cache's knowledge of it began (rules 3.1). */
  readonly prev: ResourceVersion;
  /** The node class of the object, and the version of that class's previous event. */
  readonly node: string | undefined;
  readonly prevNode: ResourceVersion | undefined;
  /**
   * What a watcher is shown under a watch type: `object`, but for DELETED by leaving a selector the previous
   * state with this event's version (rules 1.8).
   */
  objectFor(watchType: WatchType): CachedObject<T>;
  /**
   * The bytes sent to watchers, one buffer per (event, watch type, representation). By default the JSON line
   * `{"type":…,"object":…}\n`; for another representation `make` is called once with what `objectFor` answers.
   */
  frame(watchType: WatchType, representation?: string, make?: (object: CachedObject<T>, watchType: WatchType) => Buffer): Buffer;
}

/** Why a subscription ended: the cache was rebuilt or stopped, the resource was dropped or its schema changed, or its sink threw. */
export type SubscriptionEnd = 'rebuilt' | 'stopped' | 'unregistered' | 'failed';

export interface SubscriptionSink<T extends object = object> {
  /**
   * Events of one revision, in order. Called synchronously while the revision is applied: all stores are already
   * at `revision`, no other revision is in between. Must not throw and must not do long work.
   */
  onEvents(events: readonly CacheEvent<T>[], revision: number): void;
  /** No more events will come: end the client's watch, so that it lists again. */
  onEnd(reason: SubscriptionEnd): void;
}

export interface Subscription<T extends object = object> {
  /** Events after the asked version that had already happened; what follows goes to the sink. */
  readonly backlog: readonly CacheEvent<T>[];
  /** Idempotent. */
  unsubscribe(): void;
}

export interface SubscribeOptions {
  /** Only the events of one node class. */
  readonly node?: string;
}

/** One resource's objects and history, at the version of the cache. All reads are synchronous and atomic. */
export interface ResourceCache<T extends object = object> {
  readonly resource: CachedResource<T>;
  /** Resolves when the resource is loaded up to the cache's version; at once for those registered before start. */
  ready(): Promise<void>;
  readonly isReady: boolean;
  readonly size: number;
  /** Of all objects, as they are served. */
  readonly bytes: number;
  get(key: string): CachedObject<T> | undefined;
  /** Objects in key order, of the whole resource or of keys with a prefix (`…/pods/<namespace>/`); the caller's own array. */
  list(keyPrefix?: string): CachedObject<T>[];
  /** Whether values of a key or prefix could not be opened: `get` and `list` do without them, the store says why. */
  hasUnreadable(keyPrefix: string): boolean;
  /** Objects of a node class, in key order. */
  listNode(node: string): CachedObject<T>[];
  /**
   * Follows the resource from a version: events with a greater version. Throws StoreError 'expired' (410) when an
   * event after it is no longer kept. For a version beyond the cache, `waitFor` it first.
   */
  subscribe(version: ResourceVersion, sink: SubscriptionSink<T>, options?: SubscribeOptions): Subscription<T>;
  /** Version of the resource's last event: `prev` of its next one, and of its next bookmark. */
  readonly lastVersion: ResourceVersion;
  /** The same for a node class. */
  lastNodeVersion(node: string): ResourceVersion;
  /** Node classes that had objects or events. */
  nodes(): Iterable<string>;
  /**
   * An object is about to be stored, as this JSON: its event is then applied without parsing it. The object is looked at now, and not
   * kept. Returns a function to be called when the write is over, whatever became of it.
   */
  expect(key: string, json: Buffer, object: DeepReadonly<T>): () => void;
  /** A value read from the store itself, in the form the cache serves: for exact lists, and answers to writes. */
  objectFrom(value: StoredValue): CachedObject<T>;
}

/** Follows every resource: the change publisher. */
export interface CacheFollower {
  /** All events of one revision of known resources, in order; may be empty. */
  onApplied(revision: number, events: readonly FollowedEvent[]): void;
  /** The cache started over: versions of classes (`lastVersion`) are no longer continuous. */
  onRebuilt(): void;
}

export interface FollowedEvent {
  readonly resource: ResourceCache;
  readonly event: CacheEvent;
}

/** The watch cache: all registered resources at one revision, fed by the one watch. */
export interface WatchCache {
  /** Loads everything and begins to watch; resolves when reads can be served. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Adds a resource, also while running (CRDs). Registering a prefix again replaces it: its watches end, its buffers go. */
  register<T extends object>(resource: CachedResource<T>): ResourceCache<T>;
  unregister(prefix: string): void;
  resource(prefix: string): ResourceCache | undefined;
  /** The revision all resources are at. */
  readonly revision: number;
  /** `revision` × 1024 + 1023: the version of lists, bookmarks, snapshots. */
  readonly version: ResourceVersion;
  /** The history that versions belong to. */
  readonly epoch: string;
  /** Resolves when the cache has the whole revision of a version; after 3 s rejects with StoreError 'futureVersion'. */
  waitFor(version: ResourceVersion): Promise<void>;
  /**
   * Barrier of a consistent read: after it, the cache holds every write that was acknowledged before the call.
   * Rejects with 'futureVersion' when the cache does not catch up in 3 s (read the store instead), or with the
   * store's own error when there is no quorum.
   */
  fresh(): Promise<void>;
  /** Returns a function that ends it. */
  follow(follower: CacheFollower): () => void;
}
