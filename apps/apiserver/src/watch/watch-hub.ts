import { expired } from '@navarch/apimachinery';
import type { Timer } from '@navarch/clock';
import type { Component } from '@navarch/component-base';
import type { KubeObject } from '@navarch/api';
import { type CacheEvent, isStoreError, type ResourceVersion } from '@navarch/storage';
import { catchUp, requireReadable } from '../registry/freshness';
import type { Cached, ResourceStore } from '../registry/resource-store';
import type { Framing, WatchOutput } from './framing';
import { objectsOf, WatchGroup, type WatchGroupDeps, type WatchScope } from './watch-group';
import { WatchCounts } from './watch-counts';
import { Watcher } from './watcher';

/** How a watch begins. */
export interface WatchStart {
  /** Undefined asks for the most recent state, 0 for any. */
  readonly resourceVersion: ResourceVersion | undefined;
  readonly sendInitialEvents: boolean | undefined;
  readonly bookmarks: boolean;
  /** A bookmark as soon as the past has been sent. */
  readonly bookmarkWhenLevel?: boolean;
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
    return [...this.groups.values()].flatMap(({ watchers }) => [...watchers]);
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
    const { resource } = scope;
    const { resourceVersion: version, sendInitialEvents } = begin;
    await catchUp(resource, version);
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
      shown = framing.prepare ? objectsOf(past) : [];
      frames = this.pastFrames(group, past, begin.bookmarkWhenLevel === true ? framing.bookmark(now, false) : undefined);
    }
    let uncount = (): void => undefined;
    const watcher = new Watcher(open(), {
      bookmarks: begin.bookmarks,
      onEnd: (reason) => {
        group.leave(watcher);
        uncount();
        if (reason === 'too slow') this.deps.metrics.terminated(resource);
        onEnd(reason);
      },
    });
    if (this.stopping) {
      watcher.end('shutting down');
      return watcher;
    }
    this.groups.set(key, group);
    group.join(watcher);
    uncount = this.counts.add(scope);
    if (framing.prepare) await this.prepare(framing.prepare, shown, watcher);
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
  private async prepare(prepare: NonNullable<Framing['prepare']>, objects: readonly Cached[], watcher: Watcher): Promise<void> {
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
    return framing.prepare ? `${shared}\n${this.alone++}` : shared;
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
