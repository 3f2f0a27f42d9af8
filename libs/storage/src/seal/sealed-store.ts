import { isStoreError } from '../store-error';
import {
  type CurrentRevision, type RangeOptions, type RangePage, type SealedValue, type Store, type StoredValue, type StoreIdentity, type StoreWatch, type WatchSink,
  type Write, type WriteOp, type WriteOutcome, type WriteSignal,
} from '../types';
import { type SealedWatchDeps, SealedWatch } from './sealed-watch';
import { allOf, mapEventually } from './eventually';
import { type Eventually, identity, noTransformer, type Transformer } from './transformer';

/** The transformers of a key: the first seals, all of them open. Undefined for what is not theirs to seal. */
export type TransformersOf = (key: string) => readonly Transformer[] | undefined;

/** A value that was sealed or opened, or was not: then there is an error. */
export interface Transformation {
  readonly type: 'from_storage' | 'to_storage';
  readonly key: string;
  /** Undefined where none is for what is stored. */
  readonly transformer: Transformer | undefined;
  readonly seconds: number;
  readonly error?: Error;
}

export interface SealedStoreDeps extends SealedWatchDeps {
  readonly store: Store;
  readonly transformersOf: TransformersOf;
  readonly onTransformed?: (transformation: Transformation) => void;
}

/**
 * A store whose values are sealed at rest (rules 5.5): it seals what is put and opens what is read or watched. A value
 * that does not open is handed on as unreadable; one that cannot be opened *now* is waited for.
 */
export class SealedStore implements Store {
  constructor(private readonly deps: SealedStoreDeps) {}

  async commit(write: Write, signal?: WriteSignal): Promise<WriteOutcome> {
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
    if (op.kind === 'delete' || !first) return op;
    const told = this.#telling('to_storage', op.key, first);
    if (first === identity) {
      told();
      return op;
    }
    return mapEventually(() => first.seal(op.key, op.json), (json) => {
      told();
      return { ...op, json, sealedBy: first.name };
    }, (error) => {
      told(error);
      throw error;
    });
  }

  #open(value: StoredValue): Eventually<StoredValue> {
    const transformers = this.deps.transformersOf(value.key);
    if (!transformers) return value;
    const name = value.sealedBy ?? identity.name;
    const fitting = transformers.filter((transformer) => transformer.name === name);
    if (fitting.length === 0) this.#telling('from_storage', value.key, undefined)(new Error(noTransformer));
    return this.#openWith(fitting, value, noTransformer);
  }

  /** Keys of one name are tried in turn. */
  #openWith([first, ...others]: readonly Transformer[], value: StoredValue, failure: string): Eventually<StoredValue> {
    if (!first) return { ...value, unreadable: failure };
    const told = this.#telling('from_storage', value.key, first);
    if (first === identity) {
      told();
      return value;
    }
    return mapEventually(() => first.open(value.key, value.json), (json): StoredValue => {
      const { key, resourceVersion, modRevision, schemaGeneration } = value;
      told();
      return { key, resourceVersion, modRevision, schemaGeneration, json, sealedBy: first.markOf(value.json) };
    }, (error) => {
      told(error);
      if (isStoreError(error, 'unavailable')) throw error;
      return this.#openWith(others, value, error.message);
    });
  }

  /** Tells of a transformation that begins now, once it has ended. */
  #telling(type: Transformation['type'], key: string, transformer: Transformer | undefined): (error?: Error) => void {
    const { onTransformed } = this.deps;
    if (!onTransformed) return () => undefined;
    const started = performance.now();
    return (error) => onTransformed({ type, key, transformer, seconds: (performance.now() - started) / 1000, ...(error ? { error } : {}) });
  }
}
