import type { corev1, discoveryv1 } from '@navarch/api';
import type { Informer } from '@navarch/client';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import type { DataPlane } from './backends/data-plane';
import { families } from './backends/family-words';
import type { HealthCheckPorts } from './health/health-check-ports';
import type { ProxyHealth } from './health/proxy-health';
import type { OwnNode } from './own-node';
import type { ProxyFigures, ProxyMetrics } from './proxy-metrics';
import { ServiceTracker } from './service-tracker';

const firstRetryMs = 100;
const longestRetryMs = 30_000;
/** How often it is looked whether the rules are still there, as upstream does by its sync period. */
const lookMs = 30_000;

export interface ProxyDeps {
  readonly services: Informer<corev1.Service>;
  readonly slices: Informer<discoveryv1.EndpointSlice>;
  readonly nodes: Informer<corev1.Node>;
  readonly ownNode: OwnNode;
  readonly dataPlane: DataPlane;
  readonly healthChecks: HealthCheckPorts;
  readonly health: ProxyHealth;
  readonly metrics: ProxyMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the data plane level with Services and EndpointSlices: one sync at a time, each with all that changed meanwhile. */
export class Proxy implements Component {
  readonly name = 'proxy';
  readonly #stop = new AbortController();
  #tracker: ServiceTracker | undefined;
  #loop: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #dirty = false;
  /** The rules are gone, by somebody else's doing, or are no longer right as a whole. */
  #lost = false;
  #looking: Promise<void> | undefined;
  #sequence = 0n;
  #startedMs = 0;
  #failure: string | undefined;

  constructor(private readonly deps: ProxyDeps) {}

  /** Why the rules are not in force; undefined when they are. */
  get failure(): string | undefined {
    return this.#failure;
  }

  async start(): Promise<void> {
    const { services, slices, nodes, ownNode } = this.deps;
    this.#startedMs = this.deps.clock.now();
    this.#tracker = new ServiceTracker(services, slices, ownNode, { changed: (what) => this.#changed(what) });
    // A partial view would cut services that an earlier run still serves well.
    await Promise.all([services, slices, nodes].map((informer) => informer.waitForSync(this.#stop.signal)));
    const tracker = this.#tracker;
    await new Promise<void>((resolve) => {
      this.#loop = this.#run(tracker, resolve);
    });
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('proxy is stopping'));
    this.#tracker?.stop();
    this.#wake?.();
    await Promise.all([this.#loop, this.#looking]);
    await this.deps.dataPlane.close?.();
  }

  /** What is counted when metrics are asked for. */
  get figures(): ProxyFigures {
    return { pending: this.#tracker?.pending ?? { services: 0, endpoints: 0 }, noLocalEndpoints: this.#tracker?.noLocalEndpoints ?? [] };
  }

  /** Puts all in force anew: more than Services and their endpoints has changed. */
  renew(): void {
    this.deps.health.queued();
    this.#lost = true;
    this.#dirty = true;
    this.#wake?.();
  }

  #changed(what: 'service' | 'endpoints' | 'place'): void {
    const { metrics, health } = this.deps;
    if (what !== 'place') metrics.changed(what);
    metrics.queued(families);
    health.queued();
    this.#dirty = true;
    this.#wake?.();
  }

  /** Puts back what somebody has flushed. */
  async #look(): Promise<void> {
    const { clock, dataPlane, log } = this.deps;
    const stopped = (): boolean => this.#stop.signal.aborted;
    while (!stopped()) {
      await rest(clock, lookMs, this.#stop.signal);
      if (stopped() || this.#failure !== undefined) continue;
      try {
        if (await dataPlane.isThere?.() !== false) continue;
      } catch (error) {
        log.warn({ err: error, dataPlane: dataPlane.name }, 'whether the rules are still there could not be told');
        continue;
      }
      log.warn({ dataPlane: dataPlane.name }, 'somebody has taken the rules away: they are put back');
      this.renew();
    }
  }

  async #run(tracker: ServiceTracker, onFirst: () => void): Promise<void> {
    const { signal } = this.#stop;
    let reset = true;
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      this.#dirty = false;
      reset ||= this.#lost;
      this.#lost = false;
      const change = reset ? { upsert: tracker.all(), remove: [] } : tracker.takeChanges();
      const triggers = tracker.takeTriggers();
      const synced = await this.#sync(reset, change);
      await this.deps.healthChecks.update(tracker.health);
      if (synced) {
        reset = false;
        retryMs = firstRetryMs;
        // Of what was there before this process, nobody waited for it.
        for (const { family, atMs } of triggers) if (atMs >= this.#startedMs) this.deps.metrics.programmed(family, (this.deps.clock.now() - atMs) / 1000);
        if (this.#isLevel()) this.deps.health.updated();
        onFirst();
        await this.#untilDirty();
        continue;
      }
      reset = true;
      await rest(this.deps.clock, retryMs, signal);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    }
    onFirst();
  }

  async #sync(reset: boolean, { upsert, remove }: { upsert: Parameters<DataPlane['sync']>[0]['upsert']; remove: string[] }): Promise<boolean> {
    if (!reset && upsert.length === 0 && remove.length === 0) return true;
    const { dataPlane, log } = this.deps;
    try {
      await dataPlane.sync({ sequence: ++this.#sequence, reset, upsert, remove });
      this.#failure = undefined;
      return true;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      log.error({ err: error, dataPlane: dataPlane.name }, 'rules could not be put in force; the full state is tried again');
      return false;
    }
  }

  /** Nothing has changed since the last sync began. */
  #isLevel(): boolean {
    return !this.#dirty;
  }

  #untilDirty(): Promise<void> {
    if (this.#dirty || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
