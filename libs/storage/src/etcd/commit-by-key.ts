import { isStoreError, StoreError } from '../store-error';
import { type PutOp, type StoredValue, type Write, type WriteOp, type WriteOutcome } from '../types';

export interface OneKeyStore {
  /** Commits one operation as a transaction of its own. */
  commit(op: WriteOp): Promise<WriteOutcome>;
  get(key: string): Promise<StoredValue | undefined>;
  /** Told of a claim that could not be taken back. */
  onLeftBehind(key: string, error: unknown): void;
}

interface Done {
  readonly resourceVersion: number;
  readonly modRevision: number;
}

/**
 * Commits a write in a store whose transactions are of one key (kine). The first operation is the object; the others claim what belongs to it (new
 * keys) or give claims up (deletes). Claims come first and are taken back when the object is refused; what is given up goes last. So a process that
 * dies in between leaves a claim that nobody has, never one that two have.
 * @throws StoreError 'invalid' for a write that changes two keys which are there already
 */
export async function commitByKey({ ops }: Write, store: OneKeyStore): Promise<WriteOutcome> {
  const [object, ...others] = ops;
  if (object === undefined) throw new StoreError('invalid', 'a write without operations');
  if (others.length === 0) return store.commit(object);
  const isClaim = (op: WriteOp): op is PutOp => op.kind === 'put' && op.expectedModRevision === 0;
  if (others.some((op) => op.kind === 'put' && !isClaim(op))) throw new StoreError('invalid', 'a store with transactions of one key cannot change two objects together');
  const done = new Map<WriteOp, Done>();
  try {
    for (const op of [...others.filter(isClaim), object]) {
      const outcome = await store.commit(op);
      if (!outcome.ok) {
        await takeBack(done, store);
        return { ok: false, current: await Promise.all(ops.map(({ key }) => store.get(key))) };
      }
      done.set(op, doneOf(outcome));
    }
  } catch (error) {
    // Of an operation without an answer nobody knows whether it was carried out: its claims stay.
    if (!isStoreError(error, 'timeout')) await takeBack(done, store);
    throw error;
  }
  const stored = done.get(object) as Done;
  for (const op of others.filter((other) => !isClaim(other))) {
    const outcome = await store.commit(op).catch((error: unknown) => store.onLeftBehind(op.key, error));
    // A claim that has changed is another's by now: there is nothing to give up.
    done.set(op, outcome?.ok ? doneOf(outcome) : stored);
  }
  const answers = ops.map((op) => done.get(op) ?? stored);
  return { ok: true, resourceVersions: answers.map(({ resourceVersion }) => resourceVersion), modRevision: Math.max(...answers.map(({ modRevision }) => modRevision)) };
}

const doneOf = ({ resourceVersions, modRevision }: WriteOutcome & { ok: true }): Done => ({ resourceVersion: resourceVersions[0] ?? 0, modRevision });

async function takeBack(claims: ReadonlyMap<WriteOp, Done>, store: OneKeyStore): Promise<void> {
  for (const [{ key }, { modRevision }] of claims) await store.commit({ kind: 'delete', key, expectedModRevision: modRevision }).catch((error: unknown) => store.onLeftBehind(key, error));
}
