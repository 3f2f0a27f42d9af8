import type { KubeObject } from '@navarch/api';
import type { Lookup } from './cluster-objects';

/** Objects as they will be once a write under way has come back; what the API shows later wins (upstream's assume cache). */
export class Assumed<T extends KubeObject> {
  readonly #objects = new Map<string, T>();

  constructor(private readonly lookup: Lookup<T>) {}

  get(key: { readonly namespace: string; readonly name: string }): T | undefined {
    return this.#orAssumed(`${key.namespace}/${key.name}`, this.lookup.get(key));
  }

  list(): readonly T[] {
    const all = this.lookup.list();
    if (this.#objects.size === 0) return all;
    return all.map((object) => this.#orAssumed(`${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`, object) as T);
  }

  /** @param object made from what `get` answered; its resourceVersion says what it was made from */
  assume(object: T): void {
    this.#objects.set(`${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`, object);
  }

  forget({ metadata }: T): void {
    this.#objects.delete(`${metadata.namespace ?? ''}/${metadata.name ?? ''}`);
  }

  #orAssumed(key: string, current: T | undefined): T | undefined {
    const assumed = this.#objects.get(key);
    if (assumed === undefined) return current;
    if (current === undefined) return undefined;
    const isNewer = current.metadata.uid !== assumed.metadata.uid || Number(current.metadata.resourceVersion ?? 0) > Number(assumed.metadata.resourceVersion ?? 0);
    if (!isNewer) return assumed;
    this.#objects.delete(key);
    return current;
  }
}
