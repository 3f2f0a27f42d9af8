import { isResourceExpired, statusCause } from '@navarch/apimachinery';
import type { KubeObject, ResourceType } from '@navarch/api';
import type { BusSubscription, ChangeFeed } from '@navarch/bus';
import { slices, type Clock } from '@navarch/clock';
import { objectv1, type changev1 } from '@navarch/proto';
import { BusTrust, type Doubt } from './bus-trust';
import { CatchUp } from './catch-up';
import { fetchAtLeast } from './fetch-at-least';
import { noneCounted } from './informer-counters';
import type { ClientLog } from './log';
import { keyOf, keyOfObject, ObjectCache, versionOf, type IndexFunction } from './object-cache';
import { FollowedClass } from './object-class';
import type { ObjectTransport } from './object-transport';
import { PendingChanges, type PendingChange } from './pending-changes';
import type { Informer, InformerHandler, InformerOptions, NamespacedName, ResourceVersion } from './types';
import { Gate, untilAborted } from './waiting';

const RETRY_MS = { first: 100, last: 3_000 };
/** A history that is gone is gone for all consumers at once: they come back one after another. */
const EXPIRED_JITTER_MS = 2_000;

export interface ClassInformerDeps {
  readonly transport: Pick<ObjectTransport, 'get' | 'snapshot' | 'watch'>;
  /** Absent: changes come by gRPC watch only. */
  readonly feed?: ChangeFeed | undefined;
  readonly clock: Clock;
  readonly log: ClientLog;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
}

/**
 * One class of objects, kept by the rules of snapshot and deltas (rules 3). `c`, the version up to which all of the
 * class is known, only ever advances by proof: a snapshot, a watch event, or a message whose predecessor is known.
 * Messages that prove nothing wait, and the watch that is opened for them makes good what was lost.
 */
export class ClassInformer<T extends KubeObject> implements Informer<T> {
  readonly counters = noneCounted();
  readonly #class: FollowedClass<T>;
  readonly #deps: ClassInformerDeps;
  /** Absent when this class is followed by watch alone. */
  readonly #feed: ChangeFeed | undefined;
  readonly #cache: ObjectCache<T>;
  readonly #pending = new PendingChanges();
  readonly #sync = new Gate();
  readonly #trust: BusTrust;
  #c: ResourceVersion = 0;
  #epoch = '';
  /** Histories seen on the bus; one never seen before may be a restore, the others are echoes. */
  readonly #epochs = new Set<string>();
  #source: 'starting' | 'bus' | 'watch' = 'starting';
  #wants: 'nothing' | 'snapshot' | 'consistent snapshot' = 'snapshot';
  readonly #catchUp: CatchUp;
  /** While the cache is being replaced, or a body fetched, messages wait. */
  #replacing = false;
  #fetching = false;
  /** Ends what the loop is at: a watch that the bus made needless, a rest that a gap ended. */
  #turn = new AbortController();
  #stopping: AbortController | undefined;
  #running: Promise<void> | undefined;
  #subscription: BusSubscription | undefined;
  #forgetConnection: (() => void) | undefined;

  constructor(type: ResourceType<T>, options: InformerOptions<T>, deps: ClassInformerDeps) {
    this.#class = new FollowedClass(type, options);
    this.#catchUp = new CatchUp(deps.clock);
    this.#deps = deps;
    this.#feed = options.alwaysWatch === true ? undefined : deps.feed;
    this.#cache = new ObjectCache<T>((error) => deps.log.error({ resource: type.resource, err: error }, 'informer handler failed'));
    this.#trust = new BusTrust(options.node === undefined ? 'resource' : 'node', deps.clock, () => this.#doubt('silence'));
    this.addIndexes(options.indexes ?? {});
  }

  get type(): ResourceType<T> {
    return this.#class.type;
  }

  get metadataOnly(): boolean {
    return this.#class.metadataOnly;
  }

  get synced(): boolean {
    return this.#sync.isOpen;
  }

  get source(): 'starting' | 'bus' | 'watch' {
    return this.#source;
  }

  get resourceVersion(): ResourceVersion {
    return this.#c;
  }

  waitForSync(signal?: AbortSignal): Promise<void> {
    return this.#sync.wait(signal);
  }

  get(key: NamespacedName): T | undefined {
    return this.#cache.get(key);
  }

  list(namespace?: string): T[] {
    return this.#cache.list(namespace);
  }

  byIndex(index: string, value: string): T[] {
    return this.#cache.byIndex(index, value);
  }

  addIndexes(indexes: Readonly<Record<string, IndexFunction<T>>>): void {
    for (const [name, of] of Object.entries(indexes)) this.#cache.addIndex(name, of);
  }

  addHandler(handler: InformerHandler<T>): () => void {
    return this.#cache.addHandler(handler);
  }

  observe(object: T): void {
    const version = versionOf(object);
    // What is not newer than c is either known already or gone since.
    if (version > this.#c && this.#class.contains(object)) this.#cache.put(keyOfObject(object), this.#class.keep(object), version);
  }

  observeDeleted(object: T): void {
    const version = versionOf(object);
    if (version > this.#c && this.#class.contains(object)) this.#cache.bury(keyOfObject(object), version, this.#class.keep(object));
  }

  /** Resolves when all is known that was stored before this was called, or that could not be had within half a minute. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    if (this.#stopping?.signal.aborted !== false) return;
    const caughtUp = this.#catchUp.wait(signal);
    this.#want('consistent snapshot');
    this.#turn.abort();
    await caughtUp;
  }

  /** Begins in the background; `waitForSync` tells when the first snapshot is complete. */
  start(): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = new AbortController();
    this.#subscribe();
    this.#forgetConnection = this.#feed?.onConnection(() => this.#doubt('connection'));
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping?.abort(new Error('informer stopped'));
    this.#forgetConnection?.();
    this.#subscription?.unsubscribe();
    this.#trust.stop();
    this.#catchUp.begin()();
    await this.#running;
  }

  // The loop: a snapshot, then a watch until the bus has proved itself, then rest until that fails.

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, random } = this.#deps;
    const stopping = (): boolean => signal.aborted;
    let retryMs = RETRY_MS.first;
    while (!stopping()) {
      this.#turn = new AbortController();
      const before = this.#c;
      try {
        if (this.#wants !== 'nothing') await this.#takeSnapshot(signal);
        const either = AbortSignal.any([signal, this.#turn.signal]);
        if (this.#source === 'bus') await untilAborted(either);
        else await this.#watch(either);
        retryMs = RETRY_MS.first;
      } catch (error) {
        if (stopping()) return;
        if (this.#turn.signal.aborted) continue;
        if (this.#c > before) retryMs = RETRY_MS.first;
        let waitMs = retryMs * (0.5 + random() / 2);
        if (isResourceExpired(error)) {
          this.#want('snapshot');
          waitMs = random() * EXPIRED_JITTER_MS;
        } else if (statusCause(error, 'ResourceVersionTooLarge') !== undefined) {
          // A server that lags, or one whose history is another.
          this.#want('consistent snapshot');
        }
        log.debug({ resource: this.type.resource, err: error, waitMs }, 'informer tries again');
        await clock.sleep(waitMs, signal).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, RETRY_MS.last);
      }
    }
  }

  async #takeSnapshot(signal: AbortSignal): Promise<void> {
    const notOlderThan = BigInt(this.#wants === 'consistent snapshot' ? 0 : this.#c);
    const caughtUp = this.#catchUp.begin();
    this.#replacing = true;
    try {
      const objects: T[] = [];
      let at: { epoch: string; version: number } | undefined;
      for await (const frame of this.#deps.transport.snapshot({ ...this.#class.request(), notOlderThan }, signal)) {
        at = { epoch: frame.epoch, version: Number(frame.resourceVersion) };
        await slices(frame.objects, (json) => objects.push(this.#class.parse(json)), { signal });
      }
      if (at === undefined) throw new Error('the snapshot has no frame');
      await this.#become(objects, at, signal);
    } finally {
      this.#replacing = false;
    }
    this.counters.snapshots++;
    caughtUp();
    this.#wants = this.#catchUp.isWanted ? 'consistent snapshot' : 'nothing';
    if (this.#source === 'starting') this.#source = 'watch';
    this.#subscribe();
    this.#sync.open();
    this.#drain();
  }

  async #become(objects: T[], { epoch, version }: { epoch: string; version: number }, signal: AbortSignal): Promise<void> {
    const reset = this.#epoch !== '' && epoch !== this.#epoch;
    if (!reset && version < this.#c) throw new Error(`the snapshot is older (${version}) than what is known (${this.#c})`);
    if (reset) this.#deps.log.warn({ resource: this.type.resource, epoch }, 'another history: starting over');
    await this.#cache.replace(objects, version, reset, signal);
    this.#epoch = epoch;
    this.#epochs.add(epoch);
    this.#c = version;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const ended = (): boolean => signal.aborted;
    if (ended()) return;
    this.counters.watches++;
    for await (const frame of this.#deps.transport.watch({ ...this.#class.request(), resourceVersion: BigInt(this.#c) }, signal)) {
      if (ended()) return;
      if (frame.epoch !== '' && frame.epoch !== this.#epoch) {
        this.#want('consistent snapshot');
        return;
      }
      for (const event of frame.events) this.#applyEvent(event);
      this.#drain();
    }
    throw new Error('the watch ended');
  }

  #applyEvent(event: objectv1.WatchEvent): void {
    const version = Number(event.resourceVersion);
    if (version <= this.#c) return;
    if (event.type !== objectv1.EventType.BOOKMARK) {
      const object = this.#class.parse(event.object);
      this.#apply(event.type, keyOfObject(object), version, object);
    }
    this.#advance(version);
  }

  // Messages of the bus.
  #subscribe(): void {
    if (this.#feed === undefined || this.#subscription !== undefined) return;
    const { group, resource } = this.type;
    this.#subscription = this.#feed.subscribeChanges({ group, resource, node: this.#class.node }, {
      onChange: (change) => this.#receive(change, false),
      onBookmark: (bookmark) => this.#receive(bookmark, true),
      onOverflow: () => this.#onOverflow(),
    });
  }

  #receive(message: changev1.Change, bookmark: boolean): void {
    if (!bookmark && message.key === undefined) {
      this.counters.malformed++;
      return;
    }
    // A bookmark is of one class, and names its version before in `prev`; a change is of two.
    const prev = Number(bookmark || this.#class.node === undefined ? message.prev : message.prevNode);
    this.#pending.add({ bookmark, message, rv: Number(message.rv), prev });
    if (this.#pending.overfull) this.#onOverflow();
    else this.#drain();
  }

  /** More came than can be worked off: cheaper than all those messages is a snapshot. */
  #onOverflow(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#pending.clear();
    this.#doubt('overflow');
    this.#want('snapshot');
    this.#turn.abort();
  }

  #drain(): void {
    if (this.#source === 'starting') return;
    for (let head = this.#pending.head; head !== undefined && !this.#replacing && !this.#fetching; head = this.#pending.head) {
      if (head.message.epoch !== this.#epoch) {
        this.#pending.shift();
        this.#onOtherEpoch(head.message.epoch);
      } else if (head.bookmark) {
        this.#pending.shift();
        this.#onBookmark(head);
      } else if (head.rv <= this.#c) {
        this.#pending.shift();
      } else if (head.prev > this.#c) {
        // Something between is missing: this message waits while a watch brings it.
        this.#doubt('gap');
        return;
      } else {
        this.#onNext(head);
      }
    }
  }

  #onOtherEpoch(epoch: string): void {
    if (this.#epochs.has(epoch)) return;
    this.#epochs.add(epoch);
    this.#doubt('epoch');
    this.#want('consistent snapshot');
    this.#turn.abort();
  }

  #onBookmark({ prev, rv }: PendingChange): void {
    if (prev > this.#c) {
      this.#doubt('gap');
      return;
    }
    if (rv > this.#c) this.#advance(rv);
    if (this.#feed?.connected !== true) return;
    this.#trust.bookmark();
    if (this.#source === 'watch' && this.#wants === 'nothing' && this.#trust.proven) {
      this.#source = 'bus';
      this.#turn.abort();
    }
  }

  /** The change that follows on what is known. */
  #onNext({ rv, message }: PendingChange): void {
    const name = { namespace: message.key?.namespace ?? '', name: message.key?.name ?? '' };
    const deleted = message.type === objectv1.EventType.DELETED;
    const complete = this.#class.isComplete(message);
    if (!deleted && !complete && this.#cache.knownVersion(keyOf(name)) < rv) {
      // A watch that is open anyway brings it whole.
      if (this.#source === 'watch') this.#pending.shift();
      else this.#fetch(name, rv);
      return;
    }
    this.#pending.shift();
    try {
      this.#apply(message.type, keyOf(name), rv, complete && message.body.length > 0 ? this.#class.parse(message.body) : undefined);
      this.#advance(rv);
    } catch (error) {
      this.counters.malformed++;
      this.#deps.log.warn({ resource: this.type.resource, ...name, err: error }, 'malformed change: a watch brings it instead');
      this.#doubt('gap');
    }
  }

  /** Gets what the message only named; until it is here, what follows waits. */
  #fetch(name: NamespacedName, rv: ResourceVersion): void {
    this.#fetching = true;
    this.counters.fetches++;
    const epoch = this.#epoch;
    const key = keyOf(name);
    fetchAtLeast(this.#class, name, rv, this.#deps.transport, this.#stopping?.signal).then((found) => {
      if (epoch !== this.#epoch) return;
      // Newer than the message, perhaps: then the messages of those changes will find it known. Nothing found: it was
      // deleted since, and the message of that is on its way.
      if (found === undefined) this.#cache.bury(key, rv);
      else this.#cache.put(key, found, versionOf(found));
      if (rv > this.#c) this.#advance(rv);
    }).catch((error: unknown) => {
      this.#deps.log.debug({ resource: this.type.resource, ...name, err: error }, 'change not fetched: a watch brings it instead');
      this.#doubt('fetch');
    }).finally(() => {
      this.#fetching = false;
      this.#drain();
    }).catch((error: unknown) => this.#deps.log.error({ resource: this.type.resource, err: error }, 'informer failed to apply changes'));
  }

  // What both ways share.

  #apply(type: objectv1.EventType, key: string, version: ResourceVersion, object: T | undefined): void {
    if (type === objectv1.EventType.DELETED) this.#cache.remove(key, version, object);
    else if (object !== undefined) this.#cache.put(key, object, version);
  }

  #advance(version: ResourceVersion): void {
    this.#c = version;
    this.#cache.settle(version);
  }

  #want(snapshot: 'snapshot' | 'consistent snapshot'): void {
    if (this.#wants !== 'consistent snapshot') this.#wants = snapshot;
  }

  /** The bus may not bring everything: a watch from c, until bookmarks prove it again. */
  #doubt(why: Doubt): void {
    this.#trust.doubt(why);
    if (this.#source !== 'bus') return;
    if (why === 'gap') this.counters.gaps++;
    this.#deps.log.debug({ resource: this.type.resource, why, version: this.#c }, 'following by watch');
    this.#source = 'watch';
    this.#turn.abort();
  }
}
