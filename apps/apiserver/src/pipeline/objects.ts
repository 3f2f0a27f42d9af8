import type { KubeObject, ResourceType } from '@navarch/api';

export interface ObjectChange<T> {
  readonly type: 'put' | 'delete';
  readonly uid: string;
  /** For pods that have one: their node. */
  readonly node: string | undefined;
  /** Parsed when it is asked for. */
  readonly object: T;
  readonly resourceVersion: number;
}

/**
 * The apiserver's own view of its objects, for authentication, authorisation and admission: synchronous reads of the cache.
 * Objects are parsed on first use, kept, and shared: never change one.
 */
export interface ObjectReader {
  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T | undefined;
  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): T[];
  /** Calls back on every later change, in order, within the apply of the cache: be quick, do not throw. Returns a function that stops it. */
  onChange<T extends KubeObject>(type: ResourceType<T>, handler: (change: ObjectChange<T>) => void): () => void;
  /** Resolves when the cache is as new as a quorum read started after this call (rules 6.2: re-check a denial). */
  refresh(): Promise<void>;
}

/** Writes by the apiserver itself, through the registry (strategies, validation) but without authorisation and admission. */
export interface ObjectWriter {
  /** A consistent read. */
  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): Promise<T | undefined>;
  create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T>;
  /** Compares the resourceVersion in the object, if it has one. */
  update<T extends KubeObject>(type: ResourceType<T>, object: T, subresource?: string): Promise<T>;
  /** With a uid: only that very object. */
  delete<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string, preconditions?: { readonly uid: string }): Promise<void>;
}
