import type { KubeObject, ResourceType } from '@navarch/api';
import type { CacheEvent } from '@navarch/storage';
import type { ObjectChange, ObjectReader } from '../pipeline';
import type { Registry } from './registry';
import type { Cached, ResourceStore } from './resource-store';

/** Looks into the object only for what is asked. */
class CachedChange<T extends KubeObject> implements ObjectChange<T> {
  constructor(
    readonly type: 'put' | 'delete',
    private readonly cached: Cached,
  ) {}

  get uid(): string {
    return this.cached.description.uid;
  }

  get node(): string | undefined {
    return this.cached.description.node;
  }

  get object(): T {
    return this.cached.object as T;
  }

  get resourceVersion(): number {
    return this.cached.resourceVersion;
  }
}

/** Follows one resource across rebuilds of the cache. */
class Follower<T extends KubeObject> {
  private known = new Map<string, Cached>();
  private stopped = false;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly store: ResourceStore,
    private readonly handler: (change: ObjectChange<T>) => void,
  ) {
    if (store.objects.isReady) this.subscribe();
    else void store.objects.ready().then(() => this.begin());
  }

  stop(): void {
    this.stopped = true;
    this.unsubscribe();
  }

  /** The cache has just been loaded: all of it is news. */
  private begin(): void {
    if (this.stopped) return;
    this.subscribe();
    for (const object of this.known.values()) this.report('put', object);
  }

  private subscribe(): void {
    const { objects, deps } = this.store;
    for (const object of objects.list()) this.known.set(object.key, object);
    const subscription = objects.subscribe(deps.cache.version, {
      onEvents: (events) => this.onEvents(events),
      onEnd: () => this.onEnd(),
    });
    this.unsubscribe = () => subscription.unsubscribe();
  }

  private onEvents(events: readonly CacheEvent<KubeObject>[]): void {
    for (const { type, key, object } of events) {
      if (type === 'DELETED') this.known.delete(key);
      else this.known.set(key, object);
      this.report(type === 'DELETED' ? 'delete' : 'put', object);
    }
  }

  /** The cache starts over: what changed meanwhile is the difference of before and after. */
  private onEnd(): void {
    if (this.stopped) return;
    setImmediate(() => {
      if (this.stopped) return;
      const before = this.known;
      this.known = new Map();
      this.subscribe();
      for (const [key, object] of before) if (!this.known.has(key)) this.report('delete', object);
      for (const [key, object] of this.known) if (before.get(key)?.resourceVersion !== object.resourceVersion) this.report('put', object);
    });
  }

  private report(type: 'put' | 'delete', object: Cached): void {
    this.handler(new CachedChange<T>(type, object));
  }
}

/** The cache of this server, for those parts of the pipeline that look things up. */
export class RegistryReader implements ObjectReader {
  constructor(private readonly registry: Registry) {}

  /** Of a kind that this server does not serve there is none. */
  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T | undefined {
    const store = this.registry.store(type.group, type.resource);
    return store?.objects.isReady === true ? (store.objects.get(store.key(namespace, name))?.object as T | undefined) : undefined;
  }

  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): T[] {
    const store = this.registry.storeOf(type);
    if (!store.objects.isReady || store.objects.size === 0) return [];
    return store.objects.list(namespace === undefined || namespace === '' ? undefined : `${store.prefix}${namespace}/`).map((object) => object.object as T);
  }

  onChange<T extends KubeObject>(type: ResourceType<T>, handler: (change: ObjectChange<T>) => void): () => void {
    const follower = new Follower(this.registry.storeOf(type), handler);
    return () => follower.stop();
  }

  async refresh(): Promise<void> {
    for (const store of this.registry.allStores()) {
      await store.deps.cache.fresh();
      return;
    }
  }
}
