import { expired } from '@navarch/apimachinery';
import type { Timer } from '@navarch/clock';
import type { Component } from '@navarch/component-base';
import type { KubeObject } from '@navarch/api';
import { type CacheEvent, isStoreError, type ResourceVersion } from '@navarch/storage';
import { catchUp, requireReadable } from '../registry/freshness';
import type { Cached, ResourceStore } from '../registry/resource-store';
import type { Framing, WatchOutput } from './framing';
import { objectsOf, type Preparation, preparationOf, WatchGroup, type WatchGroupDeps, type WatchScope } from './watch-group';
import { WatchCounts } from './watch-counts';
import { Watcher } from './watcher';

/** How a watch begins. */
export interface WatchStart {
  /** Undefined asks for the most recent state, 0 for any. */
  readonly resourceVersion: ResourceVersion | undefined;
  readonly sendInitialEvents: boolean | undefined;
  readonly bookmarks: boolean;
  /** Where the version is still to come, the watch begins at once and is silent until then, as upstream's; without this it fails when that takes long. */
  readonly awaitsFuture?: boolean;
  /** A bookmark as soon as the past has been sent. */
  readonly bookmarkWhenLevel?: boolean;
}

/** A watcher, and what is to be done when it ends. */
interface Opened {
  readonly watcher: Watcher;
  readonly leaving: (() => void)[];
}

/** How often it is looked which bookmarks are due. */
const LOOK_EVERY_MS = 2500;

/** All watches of this server, by what they see. */
export class WatchHub implements Component {
  readonly name = 'watch-hub';
  private readonly groups = new Map<string, WatchGroup>();
  private timer: Timer | undefined;
  private stopping = false;
  private alone = 0;
  /** Watches whose version is still to come, and some that have begun so. */
  private readonly early = new Set<Watcher>();

  /** @param farewellMs `--shutdown-watch-termination-grace-period` */
  constructor(private readonly deps: WatchGroupDeps, private readonly farewellMs = 0) {}

  start(): Promise<void> {
    this.schedule();
    return Promise.resolve();
  }

  /** Ends all watches, one after the other where there is time: their clients reconnect elsewhere, and are not to come all at once. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.timer?.cancel();
    const watchers = this.watchers();
    for (const watcher of this.farewellMs > 0 ? watchers : []) {
      if (watcher.ended) continue;
      watcher.end('shutting down');
      await this.deps.clock.sleep(this.farewellMs / watchers.length);
    }
    this.endAll('shutting down');
  }

  endAll(reason: string): void {
    for (const watcher of this.watchers()) watcher.end(reason);
  }

  private watchers(): Watcher[] {
    return [...[...this.groups.values()].flatMap(({ watchers }) => [...watchers]), ...this.early];
  }

  /** Of watches by what they are about. */
  readonly counts = new WatchCounts();

  get watcherCount(): number {
    let count = 0;
    for (const group of this.groups.values()) count += group.watchers.size;
    return count;
  }

  /**
   * Begins a watch; resolves once the past is sent and the watch is live. `open` is called when it is sure that the watch can begin.
   * @throws expired
   */
  async watch(scope: WatchScope, framing: Framing, begin: WatchStart, open: () => WatchOutput, onEnd: (reason: string) => void): Promise<Watcher> {
    const { resourceVersion: version } = begin;
    const opened = (): Opened => this.opened(scope, begin, open, onEnd);
    if (begin.awaitsFuture === true && begin.sendInitialEvents !== true && version !== undefined && version > scope.resource.deps.cache.version) {
      const early = opened();
      this.joinAt(version, scope, framing, begin, early).catch((error: unknown) => early.watcher.end(error instanceof Error ? error.message : 'failed'));
      return early.watcher;
    }
    await catchUp(scope.resource, version);
    return this.join(scope, framing, begin, opened);
  }

  private opened({ resource }: WatchScope, { bookmarks }: WatchStart, open: () => WatchOutput, onEnd: (reason: string) => void): Opened {
    const leaving: (() => void)[] = [];
    const watcher = new Watcher(open(), {
      bookmarks,
      onEnd: (reason) => {
        for (const leave of leaving) leave();
        if (reason === 'too slow') this.deps.metrics.terminated(resource);
        onEnd(reason);
      },
    });
    return { watcher, leaving };
  }

  private async joinAt(version: ResourceVersion, scope: WatchScope, framing: Framing, begin: WatchStart, early: Opened): Promise<void> {
    const { cache } = scope.resource.deps;
    const { watcher, leaving } = early;
    this.early.add(watcher);
    leaving.push(() => this.early.delete(watcher));
    while (!watcher.ended && cache.version < version) await cache.waitFor(version).catch(unlessFuture);
    if (!watcher.ended) await this.join(scope, framing, begin, () => early);
  }

  private async join(scope: WatchScope, framing: Framing, begin: WatchStart, opened: () => Opened): Promise<Watcher> {
    const { resource } = scope;
    const { resourceVersion: version, sendInitialEvents } = begin;
    const key = this.keyOf(scope, framing);
    const group = this.groupOf(key, scope, framing);
    // From here to `join` nothing waits: the past and what follows meet exactly.
    let frames: Iterable<Buffer>;
    let shown: readonly Cached[];
    const fromNow = version === undefined || version === 0;
    const now = resource.deps.cache.version;
    if (sendInitialEvents === true || (fromNow && sendInitialEvents === undefined)) {
      shown = this.candidates(scope);
      frames = this.initialFrames(scope, shown, framing, sendInitialEvents === true && begin.bookmarks ? now : undefined);
    } else {
      const past = this.past(group, fromNow ? now : version, now);
      shown = group.prepare ? objectsOf(past, scope.selection) : [];
      frames = this.pastFrames(group, past, begin.bookmarkWhenLevel === true ? framing.bookmark(now, false) : undefined);
    }
    const { watcher, leaving } = opened();
    if (this.stopping) {
      watcher.end('shutting down');
      return watcher;
    }
    this.groups.set(key, group);
    group.join(watcher);
    leaving.push(() => group.leave(watcher), this.counts.add(scope));
    if (group.prepare) await this.prepare(group.prepare, shown, watcher);
    const sent = this.counted(frames, resource);
    await watcher.catchUp(framing.combine ? this.enveloped(sent, framing) : sent);
    return watcher;
  }

  private *counted(frames: Iterable<Buffer>, resource: ResourceStore): Generator<Buffer> {
    for (const frame of frames) {
      this.deps.metrics.sent(resource, frame.length);
      yield frame;
    }
  }

  private *enveloped(frames: Iterable<Buffer>, framing: Framing): Generator<Buffer> {
    for (const frame of frames) yield framing.combine?.([frame]) ?? frame;
  }

  /** @throws ApiError when objects cannot be converted */
  private async prepare(prepare: Preparation, objects: readonly Cached[], watcher: Watcher): Promise<void> {
    try {
      await prepare(objects);
    } catch (error) {
      watcher.end('conversion failed');
      throw error;
    }
  }

  private *pastFrames(group: WatchGroup, events: readonly CacheEvent<KubeObject>[], last: Buffer | undefined): Generator<Buffer> {
    yield* group.framesOf(events, group.framing.first);
    if (last) yield last;
  }

  private past(group: WatchGroup, version: ResourceVersion, now: ResourceVersion): readonly CacheEvent<KubeObject>[] {
    try {
      return group.backlog(version);
    } catch (error) {
      if (isStoreError(error, 'expired')) throw expired(`too old resource version: ${version} (${now})`);
      throw error;
    }
  }

  private candidates({ resource, namespace, selection }: WatchScope): Cached[] {
    const node = resource.objects.resource.hasNodes === true ? selection.node : undefined;
    const prefix = namespace === '' ? resource.prefix : `${resource.prefix}${namespace}/`;
    requireReadable(resource, prefix);
    return node ? resource.objects.listNode(node) : resource.objects.list(prefix);
  }

  /** Selects as it is sent, so that a large resource does not hold the thread at the beginning. */
  private *initialFrames({ resource, namespace, selection }: WatchScope, objects: readonly Cached[], framing: Framing, endAt: ResourceVersion | undefined): Generator<Buffer> {
    const prefix = namespace === '' ? resource.prefix : `${resource.prefix}${namespace}/`;
    let form = framing.first ?? framing;
    for (const object of objects) {
      if (!object.key.startsWith(prefix) || !selection.matches(object)) continue;
      yield form.initial(object);
      form = framing;
    }
    if (endAt !== undefined) yield form.bookmark(endAt, true);
  }

  private keyOf({ resource, namespace, selection }: WatchScope, framing: Framing): string {
    const shared = `${framing.key}\n${resource.prefix}\n${namespace}\n${selection.toString()}`;
    // Events that wait for their conversion would reach a newcomer who has them as its past: such watches share nothing.
    return preparationOf(selection, framing) ? `${shared}\n${this.alone++}` : shared;
  }

  private groupOf(key: string, scope: WatchScope, framing: Framing): WatchGroup {
    let group = this.groups.get(key);
    if (!group) {
      const made = new WatchGroup(scope, framing, this.deps, () => {
        if (this.groups.get(key) === made) this.groups.delete(key);
      });
      group = made;
    }
    return group;
  }

  private schedule(): void {
    this.timer = this.deps.clock.setTimeout(() => {
      const now = this.deps.clock.now();
      for (const group of this.groups.values()) group.bookmark(now);
      this.schedule();
    }, LOOK_EVERY_MS);
  }
}

function unlessFuture(error: unknown): void {
  if (!isStoreError(error, 'futureVersion')) throw error;
}
