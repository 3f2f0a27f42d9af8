import type { Clock } from '@navarch/clock';
import { type Logger, type NumberSeries, SeriesCounter } from '@navarch/component-base';
import type { FollowedEvent, ResourceCache, WatchCache, Write } from '@navarch/storage';
import { Counter, Gauge, type Registry as MetricsRegistry } from 'prom-client';
import type { Registry } from './registry';

export interface StoreMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly log: Logger;
  readonly clock: Clock;
  /** Bytes that the store takes; rejects when nobody can say. */
  readonly sizeBytes: () => Promise<number>;
}

/** Who asks for metrics does not wait longer for a store that does not answer. */
const SIZE_MS = 1000;

/** What the store is asked, and tells, by upstream's names where it has them. */
export class StoreMetrics {
  private readonly abandonedWrites: Counter;
  private readonly events: SeriesCounter;
  private readonly series = new WeakMap<ResourceCache, NumberSeries>();

  constructor(private readonly deps: StoreMetricsDeps) {
    const registers = [deps.metrics];
    this.abandonedWrites = new Counter({ name: 'navarch_apiserver_abandoned_writes_total', help: 'Writes that were not sent to the store because nobody waited for them any more.', registers });
    this.events = new SeriesCounter({
      name: 'apiserver_storage_events_received_total',
      help: 'Changes that the watch of etcd has told of, by resource.',
      labelNames: ['group', 'resource'],
      registers,
    });
    new Gauge({
      name: 'apiserver_storage_size_bytes', help: 'Bytes that the storage database takes on disk.', labelNames: ['storage_cluster_id'], registers,
      async collect() {
        try {
          const late = deps.clock.sleep(SIZE_MS).then(() => Promise.reject(new Error('the store does not answer')));
          this.set({ storage_cluster_id: 'etcd-0' }, await Promise.race([deps.sizeBytes(), late]));
        } catch (error) {
          // What is not known is not told: an old size would look like a good one.
          this.reset();
          deps.log.debug({ err: error }, 'size of the store is not known');
        }
      },
    });
  }

  abandoned({ ops }: Write): void {
    this.abandonedWrites.inc();
    this.deps.log.info({ keys: ops.map(({ key }) => key) }, 'write not sent: who asked for it is gone');
  }

  /** Counts what the cache hears of, until what is answered is called. */
  follow(cache: WatchCache, registry: Registry): () => void {
    return cache.follow({ onApplied: (_revision, events) => this.received(events, registry), onRebuilt: () => undefined });
  }

  private received(events: readonly FollowedEvent[], registry: Registry): void {
    for (const { resource } of events) {
      const series = this.series.get(resource) ?? this.seriesOf(resource, registry);
      series?.inc();
    }
  }

  private seriesOf(cached: ResourceCache, registry: Registry): NumberSeries | undefined {
    const definition = registry.storeAt(cached.resource.prefix)?.definition;
    if (!definition) return undefined;
    const series = this.events.labels({ group: definition.group, resource: definition.resource });
    this.series.set(cached, series);
    return series;
  }
}
