import { type CachedObject } from '../cache-types';
import { type ResourceVersion } from '../types';

/** The node classes of a resource (rules 3): which objects are in one, and its last version. */
export class NodeClasses<T extends object> {
  readonly #keys = new Map<string, Set<string>>();
  readonly #versions = new Map<string, ResourceVersion>();

  /** @param start version of classes that had no event yet: may be newer than the truth, never older */
  constructor(private readonly start: ResourceVersion) {}

  add(object: CachedObject<T>): void {
    const { node } = object.description;
    if (node === undefined) return;
    const keys = this.#keys.get(node) ?? new Set();
    keys.add(object.key);
    this.#keys.set(node, keys);
  }

  remove(object: CachedObject<T>): void {
    const { node } = object.description;
    const keys = node === undefined ? undefined : this.#keys.get(node);
    keys?.delete(object.key);
    if (node !== undefined && keys?.size === 0) this.#keys.delete(node);
  }

  /** Keys in a class, in order. */
  keys(node: string): string[] {
    return [...(this.#keys.get(node) ?? [])].sort();
  }

  lastVersion(node: string): ResourceVersion {
    return this.#versions.get(node) ?? this.start;
  }

  advance(node: string, version: ResourceVersion): void {
    this.#versions.set(node, version);
  }

  nodes(): Iterable<string> {
    return new Set([...this.#keys.keys(), ...this.#versions.keys()]);
  }
}
