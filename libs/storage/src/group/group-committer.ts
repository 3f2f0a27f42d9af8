import { isStoreError, StoreError } from '../store-error';
import { type Write, type WriteOutcome, type WriteSignal } from '../types';
import { type GroupLimits, type QueuedWrite, type WriteKind, WriteQueue } from './write-queue';

/** Sends writes as one transaction: outcomes in their order. Failures are StoreErrors. */
export type Transact = (writes: readonly Write[]) => Promise<WriteOutcome[]>;

export interface GroupCommitterOptions {
  readonly limits: GroupLimits;
  /** Transactions under way at a time; their keys never overlap. */
  readonly inFlight: number;
  /** Told of a write that was not sent because its caller gave it up. */
  readonly onAbandoned?: (write: Write) => void;
}

interface PendingWrite extends QueuedWrite {
  /** Aborts when the caller gives it up. */
  readonly signal: WriteSignal | undefined;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** Errors after which it is certain that nothing of the group was applied, though one write of it alone may pass. */
const refusals = ['invalid', 'leaseNotFound', 'tooLarge'] as const;
/** etcd's limit of operations per (nested) transaction is 128. */
const maxOpsPerWrite = 100;

/** Gathers writes while earlier ones are under way, and commits them in groups. */
export class GroupCommitter {
  readonly #queue: WriteQueue<PendingWrite>;
  readonly #busy = new Set<string>();
  /**
   * Writes that may be given up, in the turn of the event loop in which they came, and in the one after. A request and the end of its
   * connection may have come in together, while this process stood still: the end is read before the write may be sent.
   */
  #arrived: PendingWrite[] = [];
  #ripening: PendingWrite[] = [];
  #underWay = 0;
  #scheduled = false;
  #closed = false;

  constructor(private readonly options: GroupCommitterOptions, private readonly transact: Transact) {
    this.#queue = new WriteQueue(options.limits);
  }

  commit(write: Write, signal?: WriteSignal): Promise<WriteOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closed();
      const { keys, bytes, kind } = measure(write);
      // Named one by one: a spread before other members is among the slowest things there are.
      const pending: PendingWrite = { write, keys, bytes, kind, signal, resolve, reject };
      if (signal) {
        this.#arrived.push(pending);
        this.#schedule();
      } else {
        this.#queue.push(pending);
        if (this.#underWay < this.options.inFlight) this.#schedule();
      }
    });
  }

  /** Refuses what has not been sent. */
  close(): void {
    this.#closed = true;
    const waiting = [...this.#queue.takeAll(), ...this.#ripening.splice(0), ...this.#arrived.splice(0)];
    for (const write of waiting) write.reject(closed());
  }

  /** Sends at the end of this turn of the event loop, so that writes of one turn share a transaction. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const write of this.#ripening.splice(0)) this.#queue.push(write);
      [this.#ripening, this.#arrived] = [this.#arrived, this.#ripening];
      if (this.#ripening.length > 0) this.#schedule();
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#underWay < this.options.inFlight) {
      const taken = this.#queue.take(this.#busy);
      if (taken.length === 0) return;
      // Looked at here only: a listener for each write would cost more than the queue does.
      const group = taken.filter((write) => !this.#isAbandoned(write));
      if (group.length > 0) void this.#send(group);
    }
  }

  #isAbandoned({ write, signal, reject }: PendingWrite): boolean {
    if (signal?.aborted !== true) return false;
    this.options.onAbandoned?.(write);
    reject(new StoreError('abandoned', 'the caller is gone: nothing was sent', { cause: signal.reason }));
    return true;
  }

  async #send(group: readonly PendingWrite[]): Promise<void> {
    this.#underWay++;
    for (const { keys } of group) for (const key of keys) this.#busy.add(key);
    try {
      await this.#settle(group);
    } finally {
      for (const { keys } of group) for (const key of keys) this.#busy.delete(key);
      this.#underWay--;
      if (this.#queue.size > 0) this.#schedule();
    }
  }

  async #settle(group: readonly PendingWrite[]): Promise<void> {
    try {
      const outcomes = await this.transact(group.map(({ write }) => write));
      group.forEach((pending, index) => {
        const outcome = outcomes[index];
        if (outcome) pending.resolve(outcome);
        else pending.reject(new StoreError('timeout', 'the store answered fewer writes than were sent'));
      });
    } catch (error) {
      if (group.length > 1 && isStoreError(error, ...refusals)) await Promise.all(group.map((pending) => this.#settle([pending])));
      else for (const pending of group) pending.reject(error as Error);
    }
  }
}

const closed = (): StoreError => new StoreError('unavailable', 'the store is closed');

function measure(write: Write): QueuedWrite {
  const keys = write.ops.map(({ key }) => key);
  if (keys.length === 0 || keys.length > maxOpsPerWrite) throw new StoreError('invalid', `a write has ${keys.length} operations, allowed are 1 to ${maxOpsPerWrite}`);
  if (keys.length > 1 && new Set(keys).size < keys.length) throw new StoreError('invalid', `a write names a key twice: ${keys.join(', ')}`);
  let bytes = 0;
  let kind: WriteKind = 'deletes';
  for (const op of write.ops) {
    bytes += 128 + 2 * op.key.length;
    if (op.kind === 'put') {
      bytes += op.json.length;
      if (op.leaseId !== undefined) kind = 'leased puts';
      else if (kind === 'deletes') kind = 'puts';
    } else if (op.expectedModRevision === 0) throw new StoreError('invalid', `delete of ${op.key} expects it not to exist`);
  }
  return { write, keys, bytes, kind };
}
