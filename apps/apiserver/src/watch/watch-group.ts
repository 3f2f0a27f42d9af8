import type { KubeObject } from '@navarch/api';
import type { Clock, Timer } from '@navarch/clock';
import type { CacheEvent, Subscription, SubscriptionEnd, WatchType } from '@navarch/storage';
import type { Cached, ResourceStore } from '../registry/resource-store';
import type { Selection } from '../registry/selection';
import { DeliveryPace } from './delivery-pace';
import type { Framing } from './framing';
import type { WatchMetrics } from './watch-metrics';
import type { Watcher } from './watcher';

/** What a watch is about. */
export interface WatchScope {
  readonly resource: ResourceStore;
  /** Empty for all. */
  readonly namespace: string;
  readonly selection: Selection;
}

export interface WatchGroupDeps {
  readonly clock: Clock;
  readonly metrics: WatchMetrics;
}

/**
 * All watchers that see the same events in the same form. An event is selected and framed once for all of them, and events that
 * come together leave in one write: that is what makes a hundred watchers cheap.
 */
export class WatchGroup {
  readonly watchers = new Set<Watcher>();
  private readonly prefix: string;
  private readonly node: string | undefined;
  /** To be awaited before objects are selected or framed. */
  readonly prepare: Preparation | undefined;
  private subscription: Subscription<KubeObject> | undefined;
  private pending: Buffer[] = [];
  /** The first of them, as it looks to who has got nothing yet; where that differs. */
  private firstPending: (() => Buffer[]) | undefined;
  private readonly pace = new DeliveryPace();
  private scheduled = false;
  private resting: Timer | undefined;
  /** Events that are being prepared keep their order. */
  private preparing: Promise<void> = Promise.resolve();
  private unprepared = 0;
  private bookmarkDue = 0;

  constructor(
    readonly scope: WatchScope,
    readonly framing: Framing,
    private readonly deps: WatchGroupDeps,
    private readonly onEmpty: () => void,
  ) {
    const { resource, namespace, selection } = scope;
    this.prefix = namespace === '' ? '' : `${resource.prefix}${namespace}/`;
    this.node = resource.objects.resource.hasNodes === true ? selection.node || undefined : undefined;
    this.prepare = preparationOf(selection, framing);
  }

  /** Adds a watcher. Synchronous, so that nothing happens between the past it is given and the events that follow. */
  join(watcher: Watcher): void {
    // What is pending lies in the newcomer's past.
    this.flush();
    this.subscription ??= this.scope.resource.objects.subscribe(
      this.scope.resource.deps.cache.version,
      { onEvents: (events) => this.onEvents(events), onEnd: (reason) => this.onEnd(reason) },
      this.node === undefined ? {} : { node: this.node },
    );
    this.watchers.add(watcher);
    watcher.bookmark = () => this.sendBookmarks([watcher]);
  }

  leave(watcher: Watcher): void {
    if (!this.watchers.delete(watcher) || this.watchers.size > 0) return;
    this.subscription?.unsubscribe();
    this.subscription = undefined;
    this.pending = [];
    this.resting?.cancel();
    this.scheduled = false;
    this.onEmpty();
  }

  /** What happened after a version, for a watcher that joins. @throws StoreError expired */
  backlog(version: number): readonly CacheEvent<KubeObject>[] {
    const { objects } = this.scope.resource;
    const past = objects.subscribe(version, { onEvents: () => undefined, onEnd: () => undefined }, this.node === undefined ? {} : { node: this.node });
    past.unsubscribe();
    return past.backlog;
  }

  /** The first frame in a form of its own. */
  *framesOf(events: readonly CacheEvent<KubeObject>[], first = this.framing): Generator<Buffer> {
    let form = first;
    for (const event of events) {
      const frame = this.frameOf(event, form);
      if (!frame) continue;
      yield frame;
      form = this.framing;
    }
  }

  /** Sends bookmarks when they are due. */
  bookmark(nowMs: number): void {
    if (nowMs < this.bookmarkDue || this.unprepared > 0) return;
    this.bookmarkDue = nowMs + this.framing.bookmarkEveryMs;
    this.sendBookmarks(this.watchers);
  }

  private sendBookmarks(watchers: Iterable<Watcher>): void {
    // A bookmark would say that nothing is missing.
    if (this.unprepared > 0) return;
    this.flush();
    const { first } = this.framing;
    const { version } = this.scope.resource.deps.cache;
    let frame: Buffer | undefined;
    for (const watcher of watchers) {
      if (!watcher.wantsBookmarks) continue;
      frame ??= this.combine([this.framing.bookmark(version, false)]);
      watcher.write(frame, first && (() => this.combine([first.bookmark(version, false)])));
    }
  }

  combine(frames: readonly Buffer[]): Buffer {
    if (this.framing.combine) return this.framing.combine(frames);
    return frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames);
  }

  private onEvents(events: readonly CacheEvent<KubeObject>[]): void {
    const { prepare } = this;
    if (!prepare) {
      this.queue(events);
      return;
    }
    this.unprepared++;
    this.preparing = this.preparing.then(async () => {
      try {
        await prepare(objectsOf(events, this.scope.selection));
        this.queue(events);
      } catch (error) {
        // What the client does not get it would miss for ever: it has to list again, and is told there why.
        this.scope.resource.deps.log.warn({ err: error, resource: this.scope.resource.prefix }, 'objects of a watch cannot be shown');
        this.onEnd('failed');
      } finally {
        this.unprepared--;
      }
    });
  }

  private queue(events: readonly CacheEvent<KubeObject>[]): void {
    const { first } = this.framing;
    // Made for those only who have got nothing yet.
    if (first && this.pending.length === 0) this.firstPending = () => [...this.framesOf(events, first)].slice(0, 1);
    this.pending.push(...this.framesOf(events));
    if (this.scheduled || this.pending.length === 0) return;
    this.scheduled = true;
    const deliver = (): void => {
      this.scheduled = false;
      this.flush();
    };
    const delayMs = this.pace.delayMs(this.deps.clock.now());
    if (delayMs === 0) setImmediate(deliver);
    else this.resting = this.deps.clock.setTimeout(deliver, delayMs);
  }

  private flush(): void {
    if (this.pending.length === 0) return;
    const { pending, firstPending } = this;
    const chunk = this.combine(pending);
    const begun = firstPending && (() => this.combine([...firstPending(), ...pending.slice(1)]));
    for (const { length } of pending) this.deps.metrics.sent(this.scope.resource, length, this.watchers.size);
    this.pending = [];
    for (const watcher of this.watchers) watcher.write(chunk, begun);
    this.pace.wrote(this.deps.clock.now(), this.watchers.size);
  }

  private onEnd(reason: SubscriptionEnd): void {
    this.flush();
    this.subscription = undefined;
    for (const watcher of [...this.watchers]) watcher.end(reason);
  }

  /** Undefined when the event is none of this group's: an object that leaves the selection is DELETED for it. */
  private frameOf(event: CacheEvent<KubeObject>, framing: Framing): Buffer | undefined {
    if (this.prefix !== '' && !event.key.startsWith(this.prefix)) return undefined;
    const { selection } = this.scope;
    if (selection.isEverything) return framing.event(event, event.type);
    const before = event.previous !== undefined && selection.matches(event.previous);
    const now = event.type !== 'DELETED' && selection.matches(event.object);
    let type: WatchType;
    if (now) type = before ? 'MODIFIED' : 'ADDED';
    else if (before) type = 'DELETED';
    else return undefined;
    return framing.event(event, type);
  }
}

export type Preparation = (objects: readonly Cached[]) => Promise<void>;

/** What selecting and framing have to wait for, where somebody else converts the objects. */
export function preparationOf(selection: Selection, framing: Framing): Preparation | undefined {
  const needed = [selection.prepare, framing.prepare].filter((prepare) => prepare !== undefined);
  if (needed.length === 0) return undefined;
  return async (objects) => {
    for (const prepare of needed) await prepare(objects);
  };
}

/** All that frames of events may show, and what tells whether they are selected. */
export function objectsOf(events: readonly CacheEvent<KubeObject>[], { prepare }: Selection): Cached[] {
  return events.flatMap((event) => [event.object, event.objectFor('DELETED'), ...(prepare && event.previous ? [event.previous] : [])]);
}
