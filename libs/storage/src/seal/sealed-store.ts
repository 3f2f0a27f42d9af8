import { isStoreError } from '../store-error';
import {
  type CurrentRevision, type RangeOptions, type RangePage, type SealedValue, type Store, type StoredValue, type StoreIdentity, type StoreWatch, type WatchSink,
  type Write, type WriteOp, type WriteOutcome,
} from '../types';
import { type SealedWatchDeps, SealedWatch } from './sealed-watch';
import { allOf, mapEventually } from './eventually';
import { type Eventually, identity, noTransformer, type Transformer } from './transformer';

/** The transformers of a key: the first seals, all of them open. Undefined for what is not theirs to seal. */
export type TransformersOf = (key: string) => readonly Transformer[] | undefined;

export type Transformation = 'from_storage' | 'to_storage';

export interface SealedStoreDeps extends SealedWatchDeps {
  readonly store: Store;
  readonly transformersOf: TransformersOf;
  /** Told of every value that was sealed or opened, or was not. */
  readonly onTransformed?: (transformation: Transformation, transformer: string, succeeded: boolean) => void;
}

/**
 * A store whose values are sealed at rest (rules 5.5): it seals what is put and opens what is read or watched. A value
 * that does not open is handed on as unreadable; one that cannot be opened *now* is waited for.
 */
export class SealedStore implements Store {
  constructor(private readonly deps: SealedStoreDeps) {}

  async commit(write: Write, signal?: AbortSignal): Promise<WriteOutcome> {
    const outcome = await this.deps.store.commit({ ops: await allOf(write.ops.map((op) => this.#seal(op))) }, signal);
    return outcome.ok ? outcome : { ok: false, current: await allOf(outcome.current.map((value) => value && this.#open(value))) };
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const value = await this.deps.store.get(key);
    return value && this.#open(value);
  }

  async range(prefix: string, options?: RangeOptions): Promise<RangePage> {
    const page = await this.deps.store.range(prefix, options);
    return { ...page, values: await allOf(page.values.map((value) => this.#open(value))) };
  }

  currentRevision(): Promise<CurrentRevision> {
    return this.deps.store.currentRevision();
  }

  identity(): Promise<StoreIdentity> {
    return this.deps.store.identity();
  }

  leaseFor(ttlSeconds: number): Promise<string> {
    return this.deps.store.leaseFor(ttlSeconds);
  }

  isStale({ key, sealedBy }: SealedValue): boolean {
    const [first] = this.deps.transformersOf(key) ?? [];
    return first !== undefined && first.mark !== (sealedBy ?? identity.mark);
  }

  watch(fromRevision: number, sink: WatchSink): StoreWatch {
    const sealed = new SealedWatch(sink, (value) => this.#open(value), this.deps);
    return sealed.over(this.deps.store.watch(fromRevision, sealed));
  }

  compact(revision: number): Promise<void> {
    return this.deps.store.compact(revision);
  }

  close(): Promise<void> {
    return this.deps.store.close();
  }

  #seal(op: WriteOp): Eventually<WriteOp> {
    const first = op.kind === 'put' ? this.deps.transformersOf(op.key)?.[0] : undefined;
    if (op.kind === 'delete' || !first || first === identity) return op;
    const { name } = first;
    return mapEventually(() => first.seal(op.key, op.json), (json) => {
      this.deps.onTransformed?.('to_storage', name, true);
      return { ...op, json, sealedBy: name };
    }, (error) => {
      this.deps.onTransformed?.('to_storage', name, false);
      throw error;
    });
  }

  #open(value: StoredValue): Eventually<StoredValue> {
    const transformers = this.deps.transformersOf(value.key);
    if (!transformers) return value;
    const name = value.sealedBy ?? identity.name;
    return this.#openWith(transformers.filter((transformer) => transformer.name === name), value, noTransformer);
  }

  /** Keys of one name are tried in turn. */
  #openWith([first, ...others]: readonly Transformer[], value: StoredValue, failure: string): Eventually<StoredValue> {
    if (!first) return { ...value, unreadable: failure };
    if (first === identity) return value;
    return mapEventually(() => first.open(value.key, value.json), (json): StoredValue => {
      const { key, resourceVersion, modRevision, schemaGeneration } = value;
      this.deps.onTransformed?.('from_storage', first.name, true);
      return { key, resourceVersion, modRevision, schemaGeneration, json, sealedBy: first.markOf(value.json) };
    }, (error) => {
      this.deps.onTransformed?.('from_storage', first.name, false);
      if (isStoreError(error, 'unavailable')) throw error;
      return this.#openWith(others, value, error.message);
    });
  }
}
