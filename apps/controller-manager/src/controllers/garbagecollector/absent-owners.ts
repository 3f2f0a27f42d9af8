import { identityKey, type Identity } from './identity';

/** As many as upstream's cache holds. */
const MAX = 500;

/** Owners found absent lately, by all that they were called by: that a uid was looked for in the wrong place says nothing about the right one. */
export class AbsentOwners {
  readonly #max: number;
  /** Those asked for last stand last. */
  readonly #keys = new Set<string>();

  constructor(max = MAX) {
    this.#max = max;
  }

  add(owner: Identity): void {
    this.#touch(identityKey(owner));
    if (this.#keys.size > this.#max) for (const oldest of this.#keys) return void this.#keys.delete(oldest);
  }

  has(owner: Identity): boolean {
    const key = identityKey(owner);
    const isKnown = this.#keys.has(key);
    if (isKnown) this.#touch(key);
    return isKnown;
  }

  #touch(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
  }
}
