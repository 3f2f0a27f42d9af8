import {
  type CachedObject, type CachedResource, type CacheEvent, type DeepReadonly, type Description, type ResourceCache, type SubscribeOptions, type Subscription, type SubscriptionEnd,
  type SubscriptionSink,
} from '../cache-types';
import { deferred } from '../deferred';
import { type StorageLog } from '../log';
import { collectionVersion } from '../resource-version';
import { isStoreError, StoreError } from '../store-error';
import { type ResourceVersion, type StoredValue, type StoreEvent } from '../types';
import { AppliedEvent } from './applied-event';
import { type BufferedObject, ObjectShape } from './buffered-object';
import { ExpectedObjects } from './expected-objects';
import { HistoryRing } from './history-ring';
import { NodeClasses } from './node-classes';
import { SortedMap } from './sorted-map';
import { Subscribers } from './subscribers';

export interface ResourceStoreDeps {
  readonly historyBytes: number;
  readonly log: StorageLog;
}

/** All that is replaced when a resource is loaded. */
interface Contents<T extends object> {
  readonly objects: SortedMap<BufferedObject<T>>;
  readonly history: HistoryRing<T>;
  readonly nodes: NodeClasses<T>;
  /** Events up to this revision are in it already. */
  readonly loadedRevision: number;
}

/** One resource of the watch cache. The cache applies to it; everyone else reads. */
export class ResourceStore<T extends object> implements ResourceCache<T> {
  readonly #shape: ObjectShape<T>;
  readonly #subscribers: Subscribers<T>;
  readonly #nodeSubscribers = new Map<string, Subscribers<T>>();
  readonly #whenReady = deferred<undefined>();
  #contents: Contents<T> | undefined;
  readonly #expected = new ExpectedObjects();
  readonly #known = (key: string, json: Buffer): Description | undefined => this.#expected.descriptionOf(key, json);
  /** Keys whose values could not be opened. */
  readonly #unreadable = new Set<string>();
  /** Events that arrive while the resource is being loaded. */
  readonly #pending: { revision: number; event: StoreEvent }[] = [];
  #lastVersion: ResourceVersion = 0;
  #isReady = false;
  #bytes = 0;

  constructor(readonly resource: CachedResource<T>, private readonly deps: ResourceStoreDeps) {
    this.#shape = new ObjectShape(resource);
    this.#subscribers = this.#newSubscribers();
    this.#whenReady.promise.catch(() => undefined); // waited for by those who want to know
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  ready(): Promise<void> {
    return this.#whenReady.promise;
  }

  get size(): number {
    return this.#contents?.objects.size ?? 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get lastVersion(): ResourceVersion {
    return this.#lastVersion;
  }

  lastNodeVersion(node: string): ResourceVersion {
    return this.#loaded().nodes.lastVersion(node);
  }

  nodes(): Iterable<string> {
    return this.#loaded().nodes.nodes();
  }

  get(key: string): CachedObject<T> | undefined {
    return this.#loaded().objects.get(key);
  }

  list(keyPrefix = this.resource.prefix): CachedObject<T>[] {
    return this.#loaded().objects.values(keyPrefix === this.resource.prefix ? '' : keyPrefix);
  }

  hasUnreadable(keyPrefix: string): boolean {
    return this.#unreadable.size > 0 && [...this.#unreadable].some((key) => key.startsWith(keyPrefix));
  }

  listNode(node: string): CachedObject<T>[] {
    const { nodes, objects } = this.#loaded();
    return nodes.keys(node).flatMap((key) => objects.get(key) ?? []);
  }

  expect(key: string, json: Buffer, object: DeepReadonly<T>): () => void {
    const { uid, labels, fields, node } = this.resource.describe(object);
    // The object is still the writer's, and with it the labels.
    return this.#expected.add(key, json, { uid, labels: { ...labels }, fields, node });
  }

  objectFrom(value: StoredValue): CachedObject<T> {
    return this.#shape.objectFrom(value);
  }

  subscribe(version: ResourceVersion, sink: SubscriptionSink<T>, options: SubscribeOptions = {}): Subscription<T> {
    const { history } = this.#loaded();
    if (!history.reaches(version)) throw new StoreError('expired', `events after ${version} of ${this.resource.prefix} are no longer kept`);
    const { node } = options;
    const backlog = history.after(version);
    const subscribers = node === undefined ? this.#subscribers : this.#subscribersOf(node);
    subscribers.add(sink);
    return {
      backlog: node === undefined ? backlog : backlog.filter((event) => event.node === node),
      unsubscribe: () => {
        subscribers.remove(sink);
        if (node !== undefined && subscribers.size === 0) this.#nodeSubscribers.delete(node);
      },
    };
  }

  /** A stored value as an object; undefined, and reported, if no one can read it: so that one bad key stops nothing. */
  read(value: StoredValue): BufferedObject<T> | undefined {
    const present = this.#contents?.objects.get(value.key);
    if (present?.resourceVersion === value.resourceVersion) return present;
    try {
      const object = this.#shape.objectFrom(value, this.#known);
      if (this.resource.hasNodes) object.describe(); // its class is needed at once, and what cannot be described is not readable
      this.#unreadable.delete(value.key);
      return object;
    } catch (error) {
      if (isStoreError(error, 'unreadable')) this.#unreadable.add(value.key);
      this.deps.log.error({ key: value.key, revision: value.modRevision, error: String(error) }, 'stored value is not readable');
      return undefined;
    }
  }

  hasContents(): boolean {
    return this.#contents !== undefined;
  }

  /** All values are about to be read for `load`. */
  beginLoad(): void {
    this.#unreadable.clear();
  }

  /** Takes over all objects of the resource, in key order, at a revision; whoever followed it must list again. */
  load(objects: readonly BufferedObject<T>[], revision: number): void {
    const start = collectionVersion(revision);
    const nodes = new NodeClasses<T>(start);
    if (this.resource.hasNodes) for (const object of objects) nodes.add(object);
    this.#contents = {
      objects: SortedMap.fromSorted(objects.map((object) => [object.key, object] as const)),
      history: new HistoryRing(this.deps.historyBytes, start),
      nodes,
      loadedRevision: revision,
    };
    this.#bytes = objects.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#lastVersion = start;
    this.end('rebuilt');
    for (const { revision: later, event } of this.#pending.splice(0)) this.apply(event, later);
  }

  /** The cache has reached the loaded revision. */
  markReady(): void {
    this.#isReady = true;
    this.#whenReady.resolve(undefined);
  }

  /** Changes the store; undefined when there is nothing to tell. `deliver` follows when the whole revision is applied. */
  apply(event: StoreEvent, revision: number): CacheEvent<T> | undefined {
    const contents = this.#contents;
    if (!contents) {
      this.#pending.push({ revision, event });
      return undefined;
    }
    if (revision <= contents.loadedRevision) return undefined;
    const { objects, nodes, history } = contents;
    const previous = objects.get(event.key);
    const current = event.kind === 'put' ? this.read(event) : undefined;
    this.#bytes += (current?.bytes.length ?? 0) - (previous?.bytes.length ?? 0);
    if (current) objects.set(event.key, current);
    else objects.delete(event.key);
    // Nobody can say which object that was: as upstream, all who follow the resource have to list it again.
    if (event.kind === 'delete' && this.#unreadable.delete(event.key)) {
      history.loseThrough(event.resourceVersion);
      this.#lastVersion = event.resourceVersion;
      this.end('rebuilt');
    }
    const applied = AppliedEvent.of({ resourceVersion: event.resourceVersion, current, previous, prev: this.#lastVersion, ...this.#nodeOf(nodes, current, previous) });
    if (!applied) return undefined;
    if (this.resource.hasNodes) {
      if (previous) nodes.remove(previous);
      if (current) nodes.add(current);
      if (applied.node !== undefined) nodes.advance(applied.node, applied.resourceVersion);
    }
    this.#lastVersion = applied.resourceVersion;
    history.push(applied);
    return applied;
  }

  deliver(events: readonly CacheEvent<T>[], revision: number): void {
    this.#subscribers.deliver(events, revision);
    if (this.#nodeSubscribers.size === 0) return;
    const byNode = new Map<string, CacheEvent<T>[]>();
    for (const event of events) {
      if (event.node === undefined || !this.#nodeSubscribers.has(event.node)) continue;
      const ofNode = byNode.get(event.node);
      if (ofNode) ofNode.push(event);
      else byNode.set(event.node, [event]);
    }
    for (const [node, ofNode] of byNode) this.#nodeSubscribers.get(node)?.deliver(ofNode, revision);
  }

  end(reason: SubscriptionEnd): void {
    const ofNodes = [...this.#nodeSubscribers.values()];
    this.#nodeSubscribers.clear();
    this.#subscribers.end(reason);
    for (const subscribers of ofNodes) subscribers.end(reason);
    if (reason === 'unregistered') this.#whenReady.reject(new StoreError('unavailable', `${this.resource.prefix} is no longer served`));
  }

  #nodeOf(
    nodes: NodeClasses<T>, current: CachedObject<T> | undefined, previous: CachedObject<T> | undefined,
  ): { node: string | undefined; prevNode: ResourceVersion | undefined } {
    const node = this.resource.hasNodes ? (current?.description.node ?? previous?.description.node) : undefined;
    return { node, prevNode: node === undefined ? undefined : nodes.lastVersion(node) };
  }

  #loaded(): Contents<T> {
    if (!this.#contents || !this.#isReady) throw new StoreError('unavailable', `${this.resource.prefix} is not loaded yet`);
    return this.#contents;
  }

  #subscribersOf(node: string): Subscribers<T> {
    const present = this.#nodeSubscribers.get(node);
    if (present) return present;
    const subscribers = this.#newSubscribers();
    this.#nodeSubscribers.set(node, subscribers);
    return subscribers;
  }

  #newSubscribers(): Subscribers<T> {
    return new Subscribers((error) => this.deps.log.error({ resource: this.resource.prefix, error: String(error) }, 'a subscriber failed'));
  }
}
