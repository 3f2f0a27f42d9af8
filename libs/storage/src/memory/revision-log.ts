import { StoreError } from '../store-error';
import { type StoreEvent } from '../types';

/** The state of a key from one revision on. */
export interface KeyVersion {
  /** 0 when the key does not exist: what a compare sees. */
  readonly modRevision: number;
  readonly revision: number;
  readonly event: StoreEvent;
}

/** Every revision and every version of every key, as etcd's MVCC keeps them. */
export class RevisionLog {
  readonly #versions = new Map<string, KeyVersion[]>();
  readonly #revisions = new Map<number, readonly StoreEvent[]>();
  #revision = 1;
  #compacted = 0;

  get revision(): number {
    return this.#revision;
  }

  /** Revisions below this one cannot be read, and up to it not be watched. */
  get compacted(): number {
    return this.#compacted;
  }

  append(events: readonly StoreEvent[]): void {
    this.#revision++;
    this.#revisions.set(this.#revision, events);
    for (const event of events) {
      const versions = this.#versions.get(event.key) ?? [];
      versions.push({ modRevision: event.kind === 'put' ? this.#revision : 0, revision: this.#revision, event });
      this.#versions.set(event.key, versions);
    }
  }

  events(revision: number): readonly StoreEvent[] {
    return this.#revisions.get(revision) ?? [];
  }

  keys(prefix: string): string[] {
    return [...this.#versions.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  assertReadable(revision: number): void {
    if (revision < this.#compacted) throw new StoreError('compacted', 'required revision has been compacted');
    if (revision > this.#revision) throw new StoreError('futureVersion', 'required revision is a future revision');
  }

  /** The version of a key that a revision sees. */
  at(key: string, revision = this.#revision): KeyVersion | undefined {
    this.assertReadable(revision);
    return this.#versions.get(key)?.findLast((version) => version.revision <= revision);
  }

  compact(revision: number): void {
    if (revision <= this.#compacted) throw new StoreError('compacted', 'required revision has been compacted');
    if (revision > this.#revision) throw new StoreError('futureVersion', 'required revision is a future revision');
    this.#compacted = revision;
    for (const old of this.#revisions.keys()) if (old <= revision) this.#revisions.delete(old);
    for (const [key, versions] of this.#versions) {
      const kept = versions.slice(Math.max(0, versions.findLastIndex((version) => version.revision <= revision)));
      if (kept.length === 1 && kept[0]?.event.kind === 'delete') this.#versions.delete(key);
      else this.#versions.set(key, kept);
    }
  }
}
