import type { KubeObject, ResourceType, metav1 } from '@navarch/api';

/** A decimal, comparable version: etcd revision × 1024 + position. 0 means "none". */
export type ResourceVersion = number;

export interface NamespacedName {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  readonly subresource?: string;
  /** Accept an answer at least this new from the apiserver's cache; absent means a consistent (quorum) read. */
  readonly notOlderThan?: ResourceVersion;
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly notOlderThan?: ResourceVersion;
}

export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: ResourceVersion;
}

export interface WriteOptions extends CallOptions {
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** Server-side apply only: take fields over from other managers. */
  readonly force?: boolean;
  /** Nobody waits for it, as for an event: it gives way to the other writes of the process. */
  readonly background?: boolean;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface DeleteOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/**
 * Reads and writes API objects over the object service. All failures are `ApiError` (see apimachinery): the
 * server's Status, or ServiceUnavailable / Timeout when it cannot be reached. Writes share one pipelined stream.
 */
export interface ApiClient {
  get<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName, options?: GetOptions): Promise<T>;
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Creates; namespace and name come from the object's metadata. */
  create<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** Posts a body to a subresource of an object: `binding`, `eviction`, `token`. */
  createSubresource<R>(type: ResourceType<KubeObject>, key: NamespacedName, subresource: string, body: object, options?: WriteOptions): Promise<R>;
  /** Replaces; compares the resourceVersion in the object, if it has one. */
  update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName, patchType: PatchType, patch: object, options?: WriteOptions): Promise<T>;
  delete<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName, options?: DeleteOptions): Promise<void>;
}

/** Told of every change of an informer's cache, in order. Objects are shared: never change one, copy it. */
export interface InformerHandler<T> {
  onAdd?(object: T): void;
  onUpdate?(previous: T, object: T): void;
  onDelete?(object: T): void;
}

/** A class of objects kept at home: snapshot over gRPC, deltas over NATS, joined by version (rules 3). */
export interface Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  /** True once the first snapshot is complete. */
  readonly synced: boolean;
  /** Resolves when synced; rejects with the signal's reason. */
  waitForSync(signal?: AbortSignal): Promise<void>;
  /** "I know all of my class up to this version." */
  readonly resourceVersion: ResourceVersion;
  get(key: NamespacedName): T | undefined;
  list(namespace?: string): T[];
  /** Objects whose index function (given at creation) yielded this value. */
  byIndex(index: string, value: string): T[];
  /** Adds a handler; objects already known are reported to it as added. Returns a function that removes it. */
  addHandler(handler: InformerHandler<T>): () => void;
  /** Puts the answer of an own write into the cache at once, if it is newer. */
  observe(object: T): void;
  observeDeleted(object: T): void;
  /** How changes arrive now: shown in health and metrics. */
  readonly source: 'starting' | 'bus' | 'watch';
}

export interface InformerOptions<T> {
  /** Only for pods: those of one node. */
  readonly node?: string;
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
  /** For kinds whose body never travels on NATS in full, follow by gRPC watch instead of a GET per change. */
  readonly alwaysWatch?: boolean;
  /** Keeps apiVersion, kind and metadata only, and is content with changes that carry no more. */
  readonly metadataOnly?: boolean;
}

/** One informer per class and process, however many ask for it. */
export interface InformerFactory {
  /**
   * The informer of this class; made when it is first asked for. Who asks for metadata only may get whole objects, if
   * someone asked for those before; asking in the other order is an error.
   */
  informer<T extends KubeObject>(type: ResourceType<T>, options?: InformerOptions<T>): Informer<T>;
  /** Ends the informers of a kind that is no longer served, for all who have them. */
  release(type: ResourceType<KubeObject>): void;
  /** Starts all informers, also those asked for later; does not wait for them to be synced. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when every informer asked for so far is synced. */
  waitForSync(signal?: AbortSignal): Promise<void>;
}

/** The metadata of any object. */
export type Meta = metav1.ObjectMeta;
