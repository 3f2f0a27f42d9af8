import { type Write } from '../types';

/** Bounds of one transaction (rules 1.4). */
export interface GroupLimits {
  readonly children: number;
  readonly operations: number;
  readonly bytes: number;
  /** A write above this size goes alone. */
  readonly aloneBytes: number;
}

export const groupedLimits: GroupLimits = { children: 100, operations: 1000, bytes: 1024 * 1024, aloneBytes: 256 * 1024 };
/** `--etcd-transactions=single`: every write is a transaction of its own. */
export const singleLimits: GroupLimits = { ...groupedLimits, children: 1 };

/**
 * Groups are of one kind, because the store may refuse them by kind: leased puts when their lease is gone, puts
 * when it is out of space, while deletes must go on to make room.
 */
export type WriteKind = 'leased puts' | 'puts' | 'deletes';

/** A write that waits, with what the bars look at. */
export interface QueuedWrite {
  readonly write: Write;
  readonly keys: readonly string[];
  readonly bytes: number;
  readonly kind: WriteKind;
}

/** Looked at beyond the size of a group, for writes that fit where their neighbours do not. */
const lookahead = 4;

/**
 * Writes in the order they came, taken in groups whose members cannot meddle with one another. What a bar keeps
 * out stays for a later group, and so does everything behind it that shares one of its keys: per key, order holds.
 */
export class WriteQueue<T extends QueuedWrite> {
  #waiting: T[] = [];

  constructor(private readonly limits: GroupLimits) {}

  get size(): number {
    return this.#waiting.length;
  }

  push(write: T): void {
    this.#waiting.push(write);
  }

  takeAll(): T[] {
    return this.#waiting.splice(0);
  }

  /** The next group; `busy` are the keys of groups in flight. Empty when nothing may go now. */
  take(busy: ReadonlySet<string>): T[] {
    const group: T[] = [];
    const passed: T[] = [];
    const barred = new Set<string>();
    let operations = 0;
    let bytes = 0;
    let seen = 0;
    for (const next of this.#waiting) {
      if (group.length >= this.limits.children || seen >= this.limits.children * lookahead) break;
      seen++;
      const first = group[0];
      const fits = first === undefined
        || (next.kind === first.kind
          && operations + next.keys.length <= this.limits.operations
          && bytes + next.bytes <= this.limits.bytes
          && first.bytes <= this.limits.aloneBytes
          && next.bytes <= this.limits.aloneBytes);
      const free = !next.keys.some((key) => barred.has(key) || busy.has(key));
      for (const key of next.keys) barred.add(key);
      if (fits && free) {
        group.push(next);
        operations += next.keys.length;
        bytes += next.bytes;
      } else passed.push(next);
    }
    if (group.length > 0) this.#waiting.splice(0, seen, ...passed);
    return group;
  }
}
