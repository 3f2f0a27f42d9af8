import type { ChangePublisher as ChangeBus } from '@navarch/bus';
import type { Clock, Timer } from '@navarch/clock';
import type { Component } from '@navarch/component-base';
import type { FollowedEvent, WatchCache } from '@navarch/storage';
import type { KubeObject } from '@navarch/api';
import type { CacheEvent } from '@navarch/storage';
import type { Registry } from '../registry/registry';
import { bookmarkMessage, changeMessage } from './change-message';
import type { PublisherLease } from './publisher-lease';

/** Rules 3.3: whole resources every second, classes of nodes every ten. */
const BOOKMARK_MS = 1000;
const NODE_BOOKMARK_ROUNDS = 10;

export interface ChangePublisherDeps {
  readonly cache: WatchCache;
  readonly registry: Registry;
  readonly bus: ChangeBus & { start(): Promise<void>; stop(): Promise<void> };
  readonly lease: PublisherLease;
  readonly clock: Clock;
}

/** Publishes every change once on NATS, whatever the number of consumers. */
export class ChangePublisher implements Component {
  readonly name = 'change-publisher';
  private unfollow: (() => void) | undefined;
  private timer: Timer | undefined;
  private round = 0;

  constructor(private readonly deps: ChangePublisherDeps) {}

  async start(): Promise<void> {
    if (this.unfollow) return;
    const { cache, bus, lease } = this.deps;
    await bus.start();
    lease.start();
    this.unfollow = cache.follow({ onApplied: (_revision, events) => this.publish(events), onRebuilt: () => undefined });
    this.schedule();
  }

  async stop(): Promise<void> {
    this.unfollow?.();
    this.unfollow = undefined;
    this.timer?.cancel();
    await this.deps.lease.stop();
    await this.deps.bus.stop();
  }

  private publish(events: readonly FollowedEvent[]): void {
    if (!this.deps.lease.held) return;
    const { bus, cache, registry } = this.deps;
    for (const { resource, event } of events) {
      const store = registry.storeAt(resource.resource.prefix);
      if (store) bus.publishChange(changeMessage(store, event as CacheEvent<KubeObject>, cache.epoch), event.node ?? '');
    }
  }

  private schedule(): void {
    this.timer = this.deps.clock.setTimeout(() => {
      if (this.deps.lease.held) this.bookmarks();
      this.schedule();
    }, BOOKMARK_MS);
  }

  private bookmarks(): void {
    const { bus, cache, registry } = this.deps;
    const { epoch, version } = cache;
    const round = this.round++ % NODE_BOOKMARK_ROUNDS;
    for (const { definition, objects } of registry.allStores()) {
      if (!objects.isReady) continue;
      const { group, resource } = definition;
      bus.publishBookmark({ group, resource }, bookmarkMessage(epoch, objects.lastVersion, version));
      if (objects.resource.hasNodes !== true) continue;
      // A tenth of the nodes each second, rather than all of them every tenth.
      let position = 0;
      for (const node of objects.nodes())
        if (position++ % NODE_BOOKMARK_ROUNDS === round) bus.publishBookmark({ group, resource, node }, bookmarkMessage(epoch, objects.lastNodeVersion(node), version));
    }
  }
}
