import { type HistogramSeries, SeriesHistogram } from '@navarch/component-base';
import { Counter, type Registry } from 'prom-client';
import type { ResourceStore } from '../registry/resource-store';

/** 1 KiB to 128 KiB: upstream's. */
const SIZE_BUCKETS = Array.from({ length: 8 }, (_, power) => 1024 * 2 ** power);

interface Series {
  readonly events: Counter.Internal;
  readonly sizes: HistogramSeries;
}

/** Watches by upstream's metric names (endpoints/metrics). */
export class WatchMetrics {
  private readonly events: Counter;
  private readonly sizes: SeriesHistogram;
  private readonly cut: Counter;
  private readonly series = new WeakMap<ResourceStore, Series>();

  constructor(registry: Registry) {
    const common = { labelNames: ['group', 'version', 'resource'], registers: [registry] };
    this.events = new Counter({ name: 'apiserver_watch_events_total', help: 'Number of events sent in watch clients.', ...common });
    this.sizes = new SeriesHistogram({ name: 'apiserver_watch_events_sizes', help: 'Bytes of events sent in watches.', buckets: SIZE_BUCKETS, ...common });
    this.cut = new Counter({
      name: 'apiserver_terminated_watchers_total',
      help: 'Watches that were cut because their clients were too slow, by resource.',
      labelNames: ['group', 'resource'],
      registers: [registry],
    });
  }

  /** A watch was cut because its client does not read what it is sent. */
  terminated({ definition: { group, resource } }: ResourceStore): void {
    this.cut.inc({ group, resource });
  }

  /** An event of so many bytes was written to so many watchers: each counts, at the cost of one. */
  sent(resource: ResourceStore, bytes: number, watchers = 1): void {
    const { events, sizes } = this.series.get(resource) ?? this.seriesOf(resource);
    events.inc(watchers);
    sizes.observe(bytes, watchers);
  }

  private seriesOf(store: ResourceStore): Series {
    const { group, storageVersion: version, resource } = store.definition;
    const labels = { group, version, resource };
    const series = { events: this.events.labels(labels), sizes: this.sizes.labels(labels) };
    this.series.set(store, series);
    return series;
  }
}
