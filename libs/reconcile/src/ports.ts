import type { KubeObject, ResourceType } from '@navarch/api';

/** Names one object; the namespace of a cluster-scoped one is empty. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

export interface SourceHandler<T> {
  onAdd?(object: T): void;
  onUpdate?(previous: T, object: T): void;
  onDelete?(object: T): void;
}

/** What a controller reads: an informer is one. Objects are shared: copy before changing. */
export interface ObjectSource<T extends KubeObject> {
  readonly type: ResourceType<T>;
  get(key: ObjectKey): T | undefined;
  list(namespace?: string): T[];
  byIndex(index: string, value: string): T[];
  addHandler(handler: SourceHandler<T>): () => void;
  waitForSync(signal?: AbortSignal): Promise<void>;
}

export interface SourceOptions<T> {
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
  readonly metadataOnly?: boolean;
  readonly alwaysWatch?: boolean;
}

/** Where sources come from, shared by all controllers of the process. */
export interface ObjectSources {
  informer<T extends KubeObject>(type: ResourceType<T>, options?: SourceOptions<T>): ObjectSource<T>;
  /** Ends the sources of a kind that is no longer served, for all who have them. */
  release(type: ResourceType<KubeObject>): void;
}

interface Call {
  readonly signal?: AbortSignal;
}

interface WriteCall extends Call {
  /** Nobody waits for it: it gives way to the other writes of the process. */
  readonly background?: boolean;
}

export interface ObjectList<T> {
  readonly items: T[];
  /** Of the state that the list shows. */
  readonly resourceVersion: number;
}

/** What a controller acts through: the client is one. All failures are `ApiError`. */
export interface ObjectApi {
  get<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, options?: Call & { readonly subresource?: string }): Promise<T>;
  list<T extends KubeObject>(type: ResourceType<T>, options?: Call & { readonly namespace?: string; readonly fieldSelector?: string }): Promise<ObjectList<T>>;
  create<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteCall): Promise<T>;
  createSubresource<R>(type: ResourceType<KubeObject>, key: ObjectKey, subresource: string, body: object, options?: Call): Promise<R>;
  update<T extends KubeObject>(type: ResourceType<T>, object: T, options?: Call & { readonly subresource?: string }): Promise<T>;
  updateStatus<T extends KubeObject>(type: ResourceType<T>, object: T, options?: Call): Promise<T>;
  patch<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, patchType: 'json' | 'merge' | 'strategic' | 'apply', patch: object, options?: WriteCall & PatchPreferences): Promise<T>;
  delete<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, options?: Call & DeletePreferences): Promise<void>;
}

export interface PatchPreferences {
  readonly subresource?: string;
  /** Whose the fields become; else those of the process. */
  readonly fieldManager?: string;
  /** Server-side apply only: take fields over from other managers. */
  readonly force?: boolean;
}

export interface DeletePreferences {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** The part of a logger that controllers need; a pino logger is one. */
export interface ReconcileLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The key of an object. */
export function keyOfObject({ metadata }: KubeObject): ObjectKey {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
