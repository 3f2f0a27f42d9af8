import { randomUUID } from 'node:crypto';
import { type Clock, systemClock, type Timer } from '@navarch/clock';
import { GroupCommitter } from '../group/group-committer';
import { groupedLimits } from '../group/write-queue';
import { LeasePool } from '../lease-pool';
import { resourceVersionOf } from '../resource-version';
import { SharedRead } from '../shared-read';
import { StoreError } from '../store-error';
import {
  type CurrentRevision, type RangeOptions, type RangePage, type Store, type StoredValue, type StoreEvent, type StoreIdentity, type StoreWatch,
  type WatchSink, type Write, type WriteOp, type WriteOutcome, type WriteSignal,
} from '../types';
import { noTransformer } from '../seal/transformer';
import { RevisionPositions } from '../value/revision-positions';
import { type KeyVersion, RevisionLog } from './revision-log';

/** The store in the memory of this process, for tests: the same groups, revisions, history and errors as etcd. */
export class MemoryStore implements Store {
  readonly #log = new RevisionLog();
  readonly #committer = new GroupCommitter({ limits: groupedLimits, inFlight: 1 }, (writes) => Promise.resolve(this.#transact(writes)));
  readonly #leases: LeasePool;
  readonly #leasedKeys = new Map<string, Set<string>>();
  readonly #leaseTimers = new Map<string, Timer>();
  readonly #current = new SharedRead(() => this.#answer(() => ({ revision: this.#log.revision, ...this.#identity })));
  readonly #watches = new Set<MemoryWatch>();
  #identity: StoreIdentity = { clusterId: 'memory', epoch: randomUUID() };

  constructor(private readonly clock: Clock = systemClock) {
    this.#leases = new LeasePool((ttlSeconds) => Promise.resolve(this.#grantLease(ttlSeconds)), clock);
  }

  commit(write: Write, signal?: WriteSignal): Promise<WriteOutcome> {
    return this.#committer.commit(write, signal);
  }

  get(key: string): Promise<StoredValue | undefined> {
    return this.#answer(() => stored(this.#log.at(key)));
  }

  range(prefix: string, options: RangeOptions = {}): Promise<RangePage> {
    return this.#answer(() => {
      const revision = options.revision ?? this.#log.revision;
      this.#log.assertReadable(revision);
      const from = options.fromKey ?? prefix;
      const values = this.#log.keys(prefix).filter((key) => key >= from).flatMap((key) => stored(this.#log.at(key, revision)) ?? []);
      const limit = options.limit ?? values.length;
      return { values: values.slice(0, limit), revision, more: values.length > limit, count: values.length };
    });
  }

  currentRevision(): Promise<CurrentRevision> {
    return this.#current.join();
  }

  identity(): Promise<StoreIdentity> {
    return this.#answer(() => this.#identity);
  }

  leaseFor(ttlSeconds: number): Promise<string> {
    return this.#leases.leaseFor(ttlSeconds);
  }

  isStale(): boolean {
    return false;
  }

  watch(fromRevision: number, sink: WatchSink): StoreWatch {
    const watch = new MemoryWatch(fromRevision, sink, this.#log, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    watch.notify();
    return watch;
  }

  compact(revision: number): Promise<void> {
    return this.#answer(() => this.#log.compact(revision));
  }

  close(): Promise<void> {
    this.#committer.close();
    for (const watch of this.#watches) watch.close();
    for (const timer of this.#leaseTimers.values()) timer.cancel();
    return Promise.resolve();
  }

  /** For tests: what a restore from a backup looks like to those connected. */
  replaceHistory(): void {
    this.#identity = { ...this.#identity, epoch: randomUUID() };
  }

  /** Answers in another turn of the event loop, as a server would. */
  #answer<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(read());
        } catch (error) {
          reject(error instanceof Error ? error : new Error('read failed', { cause: error }));
        }
      });
    });
  }

  #transact(writes: readonly Write[]): WriteOutcome[] {
    for (const { ops } of writes) {
      for (const op of ops) {
        if (op.kind === 'put' && op.leaseId !== undefined && !this.#leasedKeys.has(op.leaseId)) throw new StoreError('leaseNotFound', 'requested lease not found');
      }
    }
    const revision = this.#log.revision + 1;
    const positions = new RevisionPositions();
    const events: StoreEvent[] = [];
    let position = 0;
    const outcomes = writes.map((write): WriteOutcome => {
      const first = position;
      position += write.ops.length;
      if (write.ops.some((op) => (this.#log.at(op.key)?.modRevision ?? 0) !== op.expectedModRevision)) {
        return { ok: false, current: write.ops.map(({ key }) => stored(this.#log.at(key))) };
      }
      const applied = write.ops.map((op, offset) => this.#event(op, revision, op.kind === 'put' ? positions.put(first + offset) : positions.delete()));
      events.push(...applied);
      return { ok: true, resourceVersions: applied.map(({ resourceVersion }) => resourceVersion), modRevision: revision };
    });
    this.#append(events);
    return outcomes;
  }

  #event(op: WriteOp, revision: number, position: number): StoreEvent {
    for (const keys of this.#leasedKeys.values()) keys.delete(op.key);
    const resourceVersion = resourceVersionOf(revision, position);
    if (op.kind === 'delete') return { kind: 'delete', key: op.key, resourceVersion };
    if (op.leaseId !== undefined) this.#leasedKeys.get(op.leaseId)?.add(op.key);
    const put = { kind: 'put', key: op.key, resourceVersion, modRevision: revision, json: Buffer.from(op.json), schemaGeneration: op.schemaGeneration ?? 0 } as const;
    return op.sealedBy === undefined ? put : { ...put, sealedBy: op.sealedBy, unreadable: noTransformer };
  }

  #append(events: readonly StoreEvent[]): void {
    if (events.length === 0) return;
    this.#log.append(events);
    for (const watch of this.#watches) watch.notify();
  }

  #grantLease(ttlSeconds: number): string {
    const id = randomUUID();
    this.#leasedKeys.set(id, new Set());
    this.#leaseTimers.set(id, this.clock.setTimeout(() => this.#expire(id), ttlSeconds * 1000));
    return id;
  }

  #expire(id: string): void {
    const keys = [...(this.#leasedKeys.get(id) ?? [])].sort();
    this.#leasedKeys.delete(id);
    this.#leaseTimers.delete(id);
    const revision = this.#log.revision + 1;
    this.#append(keys.map((key, position) => ({ kind: 'delete', key, resourceVersion: resourceVersionOf(revision, position) })));
  }
}

/** Hands out revisions in later turns of the event loop, from wherever it is. */
class MemoryWatch implements StoreWatch {
  #scheduled = false;
  #opened = false;
  #closed = false;

  constructor(private next: number, private readonly sink: WatchSink, private readonly log: RevisionLog, private readonly onClose: () => void) {}

  notify(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  reopen(): void {
    this.#opened = false;
    this.notify();
  }

  close(): void {
    this.#closed = true;
    this.onClose();
  }

  #deliver(): void {
    if (!this.#opened && !this.#closed) {
      this.#opened = true;
      this.sink.onOpened();
    }
    while (!this.#closed && this.next <= this.log.revision) {
      if (this.next <= this.log.compacted) {
        this.close();
        this.sink.onCompacted(this.log.compacted);
        return;
      }
      const events = this.log.events(this.next);
      this.next++;
      this.sink.onRevision(this.next - 1, events);
    }
  }
}

function stored(version: KeyVersion | undefined): StoredValue | undefined {
  const event = version?.event;
  return event?.kind === 'put' ? event : undefined;
}
