import type { KubeObject } from '@navarch/api';
import { slices } from '@navarch/clock';
import type { InformerHandler, NamespacedName, ResourceVersion } from './types';

export type IndexFunction<T> = (object: T) => readonly string[];

interface Entry<T> {
  readonly object: T;
  readonly version: ResourceVersion;
}

/** The index every cache has. */
const BY_NAMESPACE = 'namespace';

export const keyOf = ({ namespace, name }: NamespacedName): string => `${namespace}/${name}`;

/** The key of an object in its cache. */
export function keyOfObject(object: KubeObject): string {
  return keyOf({ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' });
}

/** An object's version as a number; 0 when it has none. */
export function versionOf(object: KubeObject): ResourceVersion {
  return Number(object.metadata.resourceVersion ?? 0);
}

/**
 * Objects by key, each with the version that put it there, so that news may come twice, late or from two sides:
 * only what is newer than what is known changes anything (rules 3.9).
 */
export class ObjectCache<T extends KubeObject> {
  readonly #entries = new Map<string, Entry<T>>();
  /** Deletes that the stream of changes has not yet told of: nothing older may bring the object back. */
  readonly #tombstones = new Map<string, ResourceVersion>();
  readonly #indexes = new Map<string, { readonly of: IndexFunction<T>; readonly values: Map<string, Map<string, T>> }>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #onHandlerError: (error: unknown) => void;

  constructor(onHandlerError: (error: unknown) => void) {
    this.#onHandlerError = onHandlerError;
    this.addIndex(BY_NAMESPACE, (object) => [object.metadata.namespace ?? '']);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: NamespacedName): T | undefined {
    return this.#entries.get(keyOf(key))?.object;
  }

  list(namespace?: string): T[] {
    if (namespace !== undefined) return this.byIndex(BY_NAMESPACE, namespace);
    return Array.from(this.#entries.values(), (entry) => entry.object);
  }

  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`no index ${JSON.stringify(name)} was asked for`);
    const objects = index.values.get(value);
    return objects === undefined ? [] : [...objects.values()];
  }

  /** Adds an index; one of the same name stays as it is. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index = { of, values: new Map<string, Map<string, T>>() };
    this.#indexes.set(name, index);
    for (const [key, { object }] of this.#entries) addToIndex(index, key, object);
  }

  addHandler(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const { object } of [...this.#entries.values()]) this.#call(() => handler.onAdd?.(object));
    return () => {
      this.#handlers.delete(handler);
    };
  }

  /** Version of what is known of this key: of the object, or of its delete. */
  knownVersion(key: string): ResourceVersion {
    return this.#entries.get(key)?.version ?? this.#tombstones.get(key) ?? 0;
  }

  /** Takes an object in, if it is newer than what is known. */
  put(key: string, object: T, version: ResourceVersion): boolean {
    if (version <= this.knownVersion(key)) return false;
    const previous = this.#entries.get(key)?.object;
    this.#tombstones.delete(key);
    this.#entries.set(key, { object, version });
    for (const index of this.#indexes.values()) {
      if (previous === undefined) addToIndex(index, key, object);
      else changeInIndex(index, key, previous, object);
    }
    this.#tellPut(previous, object);
    return true;
  }

  /** Forgets an object, unless a newer one is known; `last` is its last state, if the news carries it. */
  remove(key: string, version: ResourceVersion, last?: T): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.version > version) return false;
    this.#entries.delete(key);
    for (const index of this.#indexes.values()) removeFromIndex(index, key, entry.object);
    const gone = last !== undefined && last.metadata.uid === entry.object.metadata.uid ? last : entry.object;
    for (const handler of this.#handlers) this.#call(() => handler.onDelete?.(gone));
    return true;
  }

  /** Remembers a delete that the stream of changes has not told of. */
  bury(key: string, version: ResourceVersion, last?: T): void {
    if (this.knownVersion(key) > version) return;
    this.remove(key, version, last);
    this.#tombstones.set(key, version);
  }

  /** All news up to `version` has been applied: what only guarded against older news may go. */
  settle(version: ResourceVersion): void {
    if (this.#tombstones.size === 0) return;
    for (const [key, deleted] of this.#tombstones) if (deleted <= version) this.#tombstones.delete(key);
  }

  /**
   * Becomes the snapshot that is true at `version`; what is known to be newer stays. With `reset` versions are of
   * another history, and everything known goes.
   */
  async replace(objects: readonly T[], version: ResourceVersion, reset: boolean, signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? {} : { signal };
    if (reset) {
      this.#tombstones.clear();
      for (const [key, entry] of this.#entries) this.#entries.set(key, { object: entry.object, version: 0 });
    }
    const present = new Set<string>();
    await slices(objects, (object) => {
      const key = keyOfObject(object);
      present.add(key);
      this.put(key, object, versionOf(object));
    }, options);
    await slices([...this.#entries.keys()], (key) => {
      if (!present.has(key)) this.remove(key, version);
    }, options);
    this.settle(version);
  }

  #tellPut(previous: T | undefined, object: T): void {
    for (const handler of this.#handlers) {
      if (previous === undefined) this.#call(() => handler.onAdd?.(object));
      else if (previous.metadata.uid === object.metadata.uid) this.#call(() => handler.onUpdate?.(previous, object));
      else {
        // Another object under the same name: its predecessor's end was missed or told together with this.
        this.#call(() => handler.onDelete?.(previous));
        this.#call(() => handler.onAdd?.(object));
      }
    }
  }

  /** A handler that throws must not keep the cache from its other news. */
  #call(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#onHandlerError(error);
    }
  }
}

interface Index<T> {
  readonly of: IndexFunction<T>;
  readonly values: Map<string, Map<string, T>>;
}

function addToIndex<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    const objects = index.values.get(value);
    if (objects === undefined) index.values.set(value, new Map([[key, object]]));
    else objects.set(key, object);
  }
}

/** Most changes leave an object where it is: then it only takes the place of its predecessor. */
function changeInIndex<T>(index: Index<T>, key: string, previous: T, object: T): void {
  const [before, after] = [index.of(previous), index.of(object)];
  if (before.length === after.length && before.every((value, at) => value === after[at])) {
    for (const value of after) index.values.get(value)?.set(key, object);
    return;
  }
  removeFromIndex(index, key, previous);
  addToIndex(index, key, object);
}

function removeFromIndex<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    const objects = index.values.get(value);
    objects?.delete(key);
    if (objects?.size === 0) index.values.delete(value);
  }
}
