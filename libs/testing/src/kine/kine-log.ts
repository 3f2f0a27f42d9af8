import { status, type StatusObject } from '@grpc/grpc-js';

/** One row of kine's log: a change of one key, under a revision of its own. */
export interface KineRow {
  readonly revision: number;
  readonly key: string;
  readonly value: Buffer;
  readonly deleted: boolean;
  readonly createRevision: number;
  readonly lease: number;
}

/** What kine answers to what it does not do, by gRPC's status. */
export const refusal = (code: status, details: string): Partial<StatusObject> & Error => Object.assign(new Error(details), { code, details });
const compactedError = (): Error => refusal(status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted');
const futureError = (): Error => refusal(status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision is a future revision');

/** The rows, and what can be asked of them. As in kine, its own bookkeeping takes the first revision under a key without a slash. */
export class KineLog {
  readonly #rows: KineRow[] = [];
  #revision = 0;
  #compacted = 0;
  readonly #followers = new Set<() => void>();

  constructor() {
    this.append({ key: 'compact_rev_key', value: Buffer.alloc(0), deleted: false, createRevision: 0, lease: 0 });
    this.append({ key: '/registry/health', value: Buffer.from('{"health":"true"}'), deleted: false, createRevision: 0, lease: 0 });
  }

  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  /** The last row of a key, deletes too, as long as compaction has left it. */
  last(key: string): KineRow | undefined {
    return this.#rows.findLast((row) => row.key === key);
  }

  append(row: Omit<KineRow, 'revision'>): number {
    const revision = (this.#revision += 1);
    this.#rows.push({ ...row, revision, createRevision: row.createRevision || revision });
    for (const tell of this.#followers) tell();
    return revision;
  }

  /** A revision without a key that anybody sees, as a failed insert leaves. */
  gap(): void {
    this.append({ key: `gap-${this.revision + 1}`, value: Buffer.alloc(0), deleted: true, createRevision: 0, lease: 0 });
  }

  /** Live keys from `from` to before `end`, at a revision; 0 for now. @throws compacted, future */
  list(from: string, end: string, at: number): KineRow[] {
    if (at > this.revision) throw futureError();
    if (at > 0 && at < this.#compacted) throw compactedError();
    const live = new Map<string, KineRow>();
    for (const row of this.#rows) if ((at === 0 || row.revision <= at) && inRange(row.key, from, end)) live.set(row.key, row);
    return [...live.values()].filter(({ deleted }) => !deleted).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Rows after a revision. @throws compacted */
  after(from: string, end: string, revision: number): KineRow[] {
    if (revision > 0 && revision < this.#compacted) throw compactedError();
    return this.#rows.filter((row) => row.revision > revision && inRange(row.key, from, end));
  }

  /** Drops what is replaced or deleted up to a revision. @throws compacted, future */
  compact(revision: number): void {
    if (revision > this.revision) throw futureError();
    if (revision <= this.#compacted) throw compactedError();
    this.#compacted = revision;
    const kept = this.#rows.filter((row, index) => row.revision > revision || (!row.deleted && !this.#rows.slice(index + 1).some((later) => later.key === row.key && later.revision <= revision)));
    this.#rows.splice(0, this.#rows.length, ...kept);
  }

  /** @returns how to stop */
  follow(tell: () => void): () => void {
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }
}

/** As kine compares: an empty end is the one key, and a range from a key to itself holds nothing else. */
function inRange(key: string, from: string, end: string): boolean {
  return key === from || (end !== '' && key >= from && key < end);
}
