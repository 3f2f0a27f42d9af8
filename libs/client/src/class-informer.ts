import { isResourceExpired, statusCause } from '@navarch/apimachinery';
import type { KubeObject, ResourceType } from '@navarch/api';
import type { ChangeFeed } from '@navarch/bus';
import { eitherOf, rest, type Clock } from '@navarch/clock';
import { BusMessages } from './bus-messages';
import { BusTrust, type Doubt } from './bus-trust';
import { CatchUp } from './catch-up';
import { noneCounted } from './informer-counters';
import { KnownObjects } from './known-objects';
import type { ClientLog } from './log';
import type { IndexFunction } from './object-cache';
import { FollowedClass } from './object-class';
import type { ObjectTransport } from './object-transport';
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
 * One class of objects, kept by the rules of snapshot and deltas (rules 3). The version up to which all of the class is
 * known only ever advances by proof: a snapshot, a watch event, or a message whose predecessor is known. Messages that
 * prove nothing wait, and the watch that is opened for them makes good what was lost.
 */
export class ClassInformer<T extends KubeObject> implements Informer<T> {
  readonly counters = noneCounted();
  readonly #class: FollowedClass<T>;
  readonly #deps: ClassInformerDeps;
  readonly #known: KnownObjects<T>;
  /** Absent when this class is followed by watch alone. */
  readonly #messages: BusMessages<T> | undefined;
  readonly #feed: ChangeFeed | undefined;
  readonly #sync = new Gate();
  readonly #trust: BusTrust;
  readonly #catchUp: CatchUp;
  #source: 'starting' | 'bus' | 'watch' = 'starting';
  #wants: 'nothing' | 'snapshot' | 'consistent snapshot' = 'snapshot';
  #replacing = false;
  /** Ends what the loop is at: a watch that the bus made needless, a rest that a gap ended. */
  #turn = new AbortController();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #forgetConnection: (() => void) | undefined;

  constructor(type: ResourceType<T>, options: InformerOptions<T>, deps: ClassInformerDeps) {
    const { transport, clock, log } = deps;
    this.#class = new FollowedClass(type, options);
    this.#deps = deps;
    this.#known = new KnownObjects(this.#class, log);
    this.#catchUp = new CatchUp(clock);
    this.#trust = new BusTrust(options.node === undefined ? 'resource' : 'node', clock, () => this.#doubt('silence'));
    this.#feed = options.alwaysWatch === true ? undefined : deps.feed;
    if (this.#feed !== undefined) this.#messages = this.#follow(this.#feed, transport);
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
    return this.#known.version;
  }

  waitForSync(signal?: AbortSignal): Promise<void> {
    return this.#sync.wait(signal);
  }

  get(key: NamespacedName): T | undefined {
    return this.#known.cache.get(key);
  }

  list(namespace?: string): T[] {
    return this.#known.cache.list(namespace);
  }

  byIndex(index: string, value: string): T[] {
    return this.#known.cache.byIndex(index, value);
  }

  addIndexes(indexes: Readonly<Record<string, IndexFunction<T>>>): void {
    for (const [name, of] of Object.entries(indexes)) this.#known.cache.addIndex(name, of);
  }

  addHandler(handler: InformerHandler<T>): () => void {
    return this.#known.cache.addHandler(handler);
  }

  observe(object: T): void {
    this.#known.observe(object);
  }

  observeDeleted(object: T): void {
    this.#known.observeDeleted(object);
  }

  /** Resolves when all is known that was stored before this was called, or that could not be had within half a minute. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    if (this.#running === undefined || this.#stopping.signal.aborted) return;
    const caughtUp = this.#catchUp.wait(signal);
    this.#want('consistent snapshot');
    this.#turn.abort();
    await caughtUp;
  }

  /** Begins in the background; `waitForSync` tells when the first snapshot is complete. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#messages?.subscribe();
    this.#forgetConnection = this.#feed?.onConnection(() => this.#doubt('connection'));
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('informer stopped'));
    this.#forgetConnection?.();
    this.#messages?.unsubscribe();
    this.#trust.stop();
    this.#catchUp.begin()();
    await this.#running;
  }

  #follow(feed: ChangeFeed, transport: Pick<ObjectTransport, 'get'>): BusMessages<T> {
    return new BusMessages({
      isBusy: () => this.#source === 'starting' || this.#replacing,
      isWatching: () => this.#source === 'watch',
      doubt: (why) => this.#doubt(why),
      overflowed: () => this.#startOver('overflow', 'snapshot'),
      otherHistory: () => this.#startOver('epoch', 'consistent snapshot'),
      bookmark: () => this.#onBookmark(),
    }, { feed, known: this.#known, transport, counters: this.counters, log: this.#deps.log, signal: this.#stopping.signal });
  }

  // The loop: a snapshot, then a watch until the bus has proved itself, then rest until that fails.

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, random } = this.#deps;
    const stopping = (): boolean => signal.aborted;
    let retryMs = RETRY_MS.first;
    while (!stopping()) {
      this.#turn = new AbortController();
      const before = this.#known.version;
      try {
        if (this.#wants !== 'nothing') await this.#takeSnapshot(signal);
        await eitherOf([signal, this.#turn.signal], (either) => (this.#source === 'bus' ? untilAborted(either) : this.#watch(either)));
        retryMs = RETRY_MS.first;
      } catch (error) {
        if (stopping()) return;
        if (this.#turn.signal.aborted) continue;
        if (this.#known.version > before) retryMs = RETRY_MS.first;
        let waitMs = retryMs * (0.5 + random() / 2);
        if (isResourceExpired(error)) {
          this.#want('snapshot');
          waitMs = random() * EXPIRED_JITTER_MS;
        } else if (statusCause(error, 'ResourceVersionTooLarge') !== undefined) {
          // A server that lags, or one whose history is another.
          this.#want('consistent snapshot');
        }
        log.debug({ resource: this.type.resource, err: error, waitMs }, 'informer tries again');
        await rest(clock, waitMs, signal);
        retryMs = Math.min(retryMs * 2, RETRY_MS.last);
      }
    }
  }

  async #takeSnapshot(signal: AbortSignal): Promise<void> {
    const notOlderThan = BigInt(this.#wants === 'consistent snapshot' ? 0 : this.#known.version);
    const caughtUp = this.#catchUp.begin();
    this.#replacing = true;
    try {
      await this.#known.become(this.#deps.transport.snapshot({ ...this.#class.request(), notOlderThan }, signal), signal);
    } finally {
      this.#replacing = false;
    }
    this.counters.snapshots++;
    caughtUp();
    this.#wants = this.#catchUp.isWanted ? 'consistent snapshot' : 'nothing';
    if (this.#source === 'starting') this.#source = 'watch';
    this.#messages?.subscribe();
    this.#sync.open();
    this.#messages?.drain();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const ended = (): boolean => signal.aborted;
    if (ended()) return;
    this.counters.watches++;
    for await (const frame of this.#deps.transport.watch({ ...this.#class.request(), resourceVersion: BigInt(this.#known.version) }, signal)) {
      if (ended()) return;
      if (frame.epoch !== '' && frame.epoch !== this.#known.epoch) {
        this.#want('consistent snapshot');
        return;
      }
      for (const event of frame.events) this.#known.applyEvent(event);
      this.#messages?.drain();
    }
    throw new Error('the watch ended');
  }

  #onBookmark(): void {
    this.#trust.bookmark();
    if (this.#source !== 'watch' || this.#wants !== 'nothing' || !this.#trust.proven) return;
    this.#source = 'bus';
    this.#turn.abort();
  }

  #want(snapshot: 'snapshot' | 'consistent snapshot'): void {
    if (this.#wants !== 'consistent snapshot') this.#wants = snapshot;
  }

  #startOver(why: Doubt, snapshot: 'snapshot' | 'consistent snapshot'): void {
    this.#doubt(why);
    this.#want(snapshot);
    this.#turn.abort();
  }

  /** The bus may not bring everything: a watch from what is known, until bookmarks prove it again. */
  #doubt(why: Doubt): void {
    this.#trust.doubt(why);
    if (this.#source !== 'bus') return;
    if (why === 'gap') this.counters.gaps++;
    this.#deps.log.debug({ resource: this.type.resource, why, version: this.#known.version }, 'following by watch');
    this.#source = 'watch';
    this.#turn.abort();
  }
}
