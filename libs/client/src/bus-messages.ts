import type { KubeObject } from '@navarch/api';
import type { BusSubscription, ChangeFeed } from '@navarch/bus';
import { objectv1, type changev1 } from '@navarch/proto';
import type { Doubt } from './bus-trust';
import { fetchAtLeast } from './fetch-at-least';
import type { InformerCounters } from './informer-counters';
import type { KnownObjects } from './known-objects';
import type { ClientLog } from './log';
import { keyOf, versionOf } from './object-cache';
import type { ObjectTransport } from './object-transport';
import { PendingChanges, type PendingChange } from './pending-changes';
import type { NamespacedName, ResourceVersion } from './types';

/** Who follows a class by the bus, and is told what messages show of it. */
export interface BusFollower {
  /** Nothing is known yet, or what is known is being replaced: messages wait. */
  isBusy(): boolean;
  /** A watch is open, and brings what a message only names. */
  isWatching(): boolean;
  /** The bus may not bring everything. */
  doubt(why: Doubt): void;
  /** Messages were given up, as there were too many. */
  overflowed(): void;
  /** A history never heard of. */
  otherHistory(): void;
  /** A bookmark that fits what is known. */
  bookmark(): void;
}

export interface BusMessagesDeps<T extends KubeObject> {
  readonly feed: ChangeFeed;
  readonly known: KnownObjects<T>;
  readonly transport: Pick<ObjectTransport, 'get'>;
  readonly counters: InformerCounters;
  readonly log: ClientLog;
  readonly signal: AbortSignal;
}

/** Messages of one class, in order: each is carried out when its predecessor is known (rules 3); those that prove nothing wait. */
export class BusMessages<T extends KubeObject> {
  readonly #pending = new PendingChanges();
  /** While a body is fetched, what follows waits. */
  #fetching = false;
  #subscription: BusSubscription | undefined;

  constructor(private readonly follower: BusFollower, private readonly deps: BusMessagesDeps<T>) {}

  subscribe(): void {
    if (this.#subscription !== undefined) return;
    const { feed, known: { followed } } = this.deps;
    const { group, resource } = followed.type;
    this.#subscription = feed.subscribeChanges({ group, resource, node: followed.node }, {
      onChange: (change) => this.#receive(change, false),
      onBookmark: (bookmark) => this.#receive(bookmark, true),
      onOverflow: () => this.#overflow(),
    });
  }

  unsubscribe(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }

  #receive(message: changev1.Change, bookmark: boolean): void {
    if (!bookmark && message.key === undefined) {
      this.deps.counters.malformed++;
      return;
    }
    // A bookmark is of one class, and names its version before in `prev`; a change is of two.
    const prev = Number(bookmark || this.deps.known.followed.node === undefined ? message.prev : message.prevNode);
    this.#pending.add({ bookmark, message, rv: Number(message.rv), prev });
    if (this.#pending.overfull) this.#overflow();
    else this.drain();
  }

  /** More came than can be worked off: cheaper than all those messages is a snapshot. */
  #overflow(): void {
    this.unsubscribe();
    this.#pending.clear();
    this.follower.overflowed();
  }

  /** Carries out what can be. */
  drain(): void {
    const { known } = this.deps;
    for (let head = this.#pending.head; head !== undefined && !this.follower.isBusy() && !this.#fetching; head = this.#pending.head) {
      if (head.message.epoch !== known.epoch) {
        this.#pending.shift();
        if (known.hearOf(head.message.epoch)) this.follower.otherHistory();
      } else if (head.bookmark) {
        this.#pending.shift();
        this.#onBookmark(head);
      } else if (head.rv <= known.version) {
        this.#pending.shift();
      } else if (head.prev > known.version) {
        // Something between is missing: this message waits while a watch brings it.
        this.follower.doubt('gap');
        return;
      } else {
        this.#onNext(head);
      }
    }
  }

  #onBookmark({ prev, rv }: PendingChange): void {
    const { known, feed } = this.deps;
    if (prev > known.version) {
      this.follower.doubt('gap');
      return;
    }
    if (rv > known.version) known.advance(rv);
    if (feed.connected) this.follower.bookmark();
  }

  /** The change that follows on what is known. */
  #onNext({ rv, message }: PendingChange): void {
    const { known, counters, log } = this.deps;
    const { followed } = known;
    const name = { namespace: message.key?.namespace ?? '', name: message.key?.name ?? '' };
    const complete = followed.isComplete(message);
    // Such as what an own write was answered with: it need not be read again.
    const isKnown = message.type !== objectv1.EventType.DELETED && known.has(name, rv);
    if (message.type !== objectv1.EventType.DELETED && !complete && !isKnown) {
      if (this.follower.isWatching()) this.#pending.shift();
      else this.#fetch(name, rv);
      return;
    }
    this.#pending.shift();
    try {
      known.apply(message.type, keyOf(name), rv, complete && !isKnown && message.body.length > 0 ? followed.parse(message.body) : undefined);
      known.advance(rv);
    } catch (error) {
      counters.malformed++;
      log.warn({ resource: followed.type.resource, ...name, err: error }, 'malformed change: a watch brings it instead');
      this.follower.doubt('gap');
    }
  }

  /** Gets what the message only named. */
  #fetch(name: NamespacedName, rv: ResourceVersion): void {
    const { known, transport, counters, log, signal } = this.deps;
    const { epoch, followed } = known;
    const { resource } = followed.type;
    this.#fetching = true;
    counters.fetches++;
    fetchAtLeast(followed, name, rv, transport, signal).then((found) => {
      if (epoch !== known.epoch) return;
      // Newer than the message, perhaps: then the messages of those changes will find it known. Nothing found: it was
      // deleted since, and the message of that is on its way.
      if (found === undefined) known.cache.bury(keyOf(name), rv);
      else known.cache.put(keyOf(name), found, versionOf(found));
      if (rv > known.version) known.advance(rv);
    }).catch((error: unknown) => {
      log.debug({ resource, ...name, err: error }, 'change not fetched: a watch brings it instead');
      this.follower.doubt('fetch');
    }).finally(() => {
      this.#fetching = false;
      this.drain();
    }).catch((error: unknown) => log.error({ resource, err: error }, 'informer failed to apply changes'));
  }
}
