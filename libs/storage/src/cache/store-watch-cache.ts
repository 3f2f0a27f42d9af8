import { type Clock, systemClock } from '@navarch/clock';
import {
  type CachedResource, type CacheEvent, type CacheFollower, type FollowedEvent, type ResourceCache, type WatchCache,
} from '../cache-types';
import { deferred } from '../deferred';
import { type StorageLog } from '../log';
import { collectionVersion, revisionOf } from '../resource-version';
import { isStoreError, StoreError } from '../store-error';
import { type CurrentRevision, type ResourceVersion, type Store, type StoreEvent, type StoreIdentity, type StoreWatch } from '../types';
import { type BufferedObject } from './buffered-object';
import { rangeAll } from './range-all';
import { ResourceStore } from './resource-store';
import { VersionWaiters } from './version-waiters';

/** Where the objects of all resources are. */
export const registryPrefix = '/registry/';

const waitMs = 3_000;
const reopenAfterMs = 5_000;
const retryMs = { first: 100, most: 2_000 } as const;

export interface WatchCacheOptions {
  /** Bytes of objects kept as history, per resource; 32 MiB unless given. */
  readonly historyBytes?: number;
}

export interface WatchCacheDeps {
  readonly store: Store;
  readonly log: StorageLog;
  readonly clock?: Clock;
  /** The store holds another history (rules 2.2): the process must exit and start clean. Called once. */
  readonly onFatal: (error: Error) => void;
}

type AnyStore = ResourceStore<object>;

/** The watch cache on any store. */
export class StoreWatchCache implements WatchCache {
  readonly #resources = new Map<string, AnyStore>();
  readonly #followers = new Set<CacheFollower>();
  readonly #clock: Clock;
  readonly #waiters: VersionWaiters;
  readonly #started = deferred<undefined>();
  readonly #stopping = new AbortController();
  #state: 'new' | 'starting' | 'running' | 'stopped' = 'new';
  #identity: StoreIdentity = { clusterId: '', epoch: '' };
  #revision = 0;
  #watch: StoreWatch | undefined;
  #lagging = false;

  constructor(private readonly options: WatchCacheOptions, private readonly deps: WatchCacheDeps) {
    this.#clock = deps.clock ?? systemClock;
    this.#waiters = new VersionWaiters(this.#clock);
    this.#started.promise.catch(() => undefined); // waited for by those who want to know
  }

  get revision(): number {
    return this.#revision;
  }

  get version(): ResourceVersion {
    return collectionVersion(this.#revision);
  }

  get epoch(): string {
    return this.#identity.epoch;
  }

  start(): Promise<void> {
    if (this.#state === 'new') {
      this.#state = 'starting';
      this.#coldStart().then(() => {
        this.#state = 'running';
        this.#started.resolve(undefined);
      }, (error: unknown) => this.#started.reject(asError(error)));
    }
    return this.#started.promise;
  }

  stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stopping.abort(new StoreError('unavailable', 'the watch cache is stopped'));
    this.#watch?.close();
    this.#waiters.stop();
    for (const resource of this.#resources.values()) resource.end('stopped');
    return Promise.resolve();
  }

  register<T extends object>(resource: CachedResource<T>): ResourceCache<T> {
    this.unregister(resource.prefix);
    const store = new ResourceStore<T>(resource, { historyBytes: this.options.historyBytes ?? 32 * 1024 * 1024, log: this.deps.log });
    // The map forgets T; whoever registered keeps it.
    this.#resources.set(resource.prefix, store);
    if (this.#state !== 'new') void this.#loadLate(store);
    return store;
  }

  unregister(prefix: string): void {
    const store = this.#resources.get(prefix);
    this.#resources.delete(prefix);
    store?.end('unregistered');
  }

  resource(prefix: string): ResourceCache | undefined {
    return this.#resources.get(prefix);
  }

  follow(follower: CacheFollower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  waitFor(version: ResourceVersion): Promise<void> {
    const revision = revisionOf(version);
    return revision <= this.#revision ? Promise.resolve() : this.#reach(revision);
  }

  async fresh(): Promise<void> {
    const before = this.#revision;
    const current = await this.deps.store.currentRevision();
    this.#assertSameHistory(current, before);
    if (current.revision <= this.#revision) return;
    try {
      await this.#reach(current.revision);
    } catch (error) {
      void this.#reopenUnlessReached(current.revision);
      throw error;
    }
  }

  async #reach(revision: number): Promise<void> {
    this.#stopping.signal.throwIfAborted();
    if (await this.#waiters.wait(revision, waitMs)) return;
    throw new StoreError('futureVersion', `the cache is at revision ${this.#revision}, not yet at ${revision}`, { current: this.version });
  }

  /** Loads all resources at one revision and watches from there (rules 1.3); also to start over. */
  async #coldStart(): Promise<void> {
    const loaded = await this.#untilDone('load the watch cache', async () => {
      const identity = await this.deps.store.identity();
      const resources = new Map([...this.#resources.values()].map((resource) => [resource, [] as BufferedObject<object>[]]));
      for (const resource of resources.keys()) resource.beginLoad();
      const revision = await rangeAll(this.deps.store, registryPrefix, (values) => {
        for (const value of values) {
          const resource = this.#resourceOf(value.key);
          const object = resource?.read(value);
          if (resource && object) resources.get(resource)?.push(object);
        }
      });
      return { identity, resources, revision };
    });
    this.#stopping.signal.throwIfAborted();
    if (this.#identity.epoch === '') this.#identity = loaded.identity;
    else this.#assertSameHistory({ ...loaded.identity, revision: loaded.revision }, this.#revision);
    this.#revision = loaded.revision;
    for (const [resource, objects] of loaded.resources) {
      resource.load(objects, loaded.revision);
      resource.markReady();
    }
    this.#watch = this.deps.store.watch(loaded.revision + 1, {
      onOpened: () => void this.#checkHistory(),
      onRevision: (revision, events) => this.#apply(revision, events),
      onCompacted: (compacted) => void this.#rebuild(compacted),
    });
    this.#waiters.advance(loaded.revision);
  }

  async #rebuild(compacted: number): Promise<void> {
    this.deps.log.warn({ revision: this.#revision, compacted }, 'events were compacted before they were seen, loading everything again');
    try {
      await this.#coldStart();
      for (const follower of this.#followers) this.#guarded(() => follower.onRebuilt());
    } catch (error) {
      this.#fail(asError(error));
    }
  }

  /** Loads a resource that was registered while running; its events wait meanwhile. */
  async #loadLate(resource: AnyStore): Promise<void> {
    const { prefix } = resource.resource;
    try {
      await this.#started.promise;
      if (!resource.hasContents()) {
        const { objects, revision } = await this.#untilDone(`load ${prefix}`, async () => {
          const read: BufferedObject<object>[] = [];
          resource.beginLoad();
          const at = await rangeAll(this.deps.store, prefix, (values) => read.push(...values.flatMap((value) => resource.read(value) ?? [])));
          return { objects: read, revision: at };
        });
        if (!resource.hasContents()) resource.load(objects, revision); // else a rebuild came first
        while (this.#revision < revision && this.#state !== 'stopped') await this.#waiters.wait(revision, waitMs);
      }
      resource.markReady();
    } catch (error) {
      this.deps.log.warn({ prefix, error: String(error) }, 'gave up loading a resource');
    }
  }

  #apply(revision: number, events: readonly StoreEvent[]): void {
    const touched = new Map<AnyStore, CacheEvent[]>();
    const followed: FollowedEvent[] = [];
    for (const stored of events) {
      const resource = this.#resourceOf(stored.key);
      const event = resource?.apply(stored, revision);
      if (!resource || !event) continue;
      followed.push({ resource, event });
      const ofResource = touched.get(resource);
      if (ofResource) ofResource.push(event);
      else touched.set(resource, [event]);
    }
    this.#revision = revision;
    for (const [resource, ofResource] of touched) resource.deliver(ofResource, revision);
    for (const follower of this.#followers) this.#guarded(() => follower.onApplied(revision, followed));
    this.#waiters.advance(revision);
  }

  #resourceOf(key: string): AnyStore | undefined {
    const group = key.indexOf('/', registryPrefix.length);
    const resource = key.indexOf('/', group + 1);
    return this.#resources.get(key.slice(0, resource + 1));
  }

  /** After each opening of the watch: a member restored from a backup shows only now. */
  async #checkHistory(): Promise<void> {
    try {
      await this.fresh();
    } catch (error) {
      if (this.#state !== 'stopped') this.deps.log.warn({ error: String(error) }, 'no consistent read after opening the watch');
    }
  }

  #assertSameHistory(current: CurrentRevision, knownRevision: number): void {
    const { clusterId, epoch } = this.#identity;
    if (current.clusterId === clusterId && current.epoch === epoch && current.revision >= knownRevision) return;
    const error = new StoreError('foreignHistory', `the store is cluster ${current.clusterId}, epoch ${current.epoch}, revision ${current.revision}; `
      + `this cache holds cluster ${clusterId}, epoch ${epoch}, revision ${knownRevision}`);
    this.#fail(error);
    throw error;
  }

  /** Stops for good, and says so once. */
  #fail(error: Error): void {
    if (this.#state === 'stopped') return;
    void this.stop();
    this.deps.onFatal(error);
  }

  /** A little later than a consistent read gave up: a watch that is still behind is held up by its member. */
  async #reopenUnlessReached(revision: number): Promise<void> {
    if (this.#lagging) return;
    this.#lagging = true;
    const reached = await this.#waiters.wait(revision, reopenAfterMs - waitMs);
    this.#lagging = false;
    if (reached || this.#state === 'stopped') return;
    this.deps.log.warn({ revision: this.#revision, current: revision }, 'the watch is behind, opening it on another member');
    this.#watch?.reopen();
  }

  /** Tries until it succeeds or the cache stops. */
  async #untilDone<R>(what: string, attempt: () => Promise<R>): Promise<R> {
    const { signal } = this.#stopping;
    for (let delay: number = retryMs.first; ; delay = Math.min(delay * 2, retryMs.most)) {
      signal.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        this.deps.log.warn({ error: String(error), retryMs: delay }, `cannot ${what}`);
        if (!isStoreError(error)) throw error;
      }
      await this.#clock.sleep(delay, signal);
    }
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.deps.log.error({ error: String(error) }, 'a follower failed');
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
