import { Counter, type Registry } from 'prom-client';
import type { ResourceStore } from '../registry/resource-store';

/** Watches by upstream's metric names (endpoints/metrics). Sizes of events are not told: a hundred watchers of one event would cost more for it than for the event. */
export class WatchMetrics {
  private readonly events: Counter;

  constructor(registry: Registry) {
    this.events = new Counter({ name: 'apiserver_watch_events_total', help: 'Number of events sent in watch clients.', labelNames: ['group', 'version', 'resource'], registers: [registry] });
  }

  /** So many events were written, each watcher's counted. */
  sent({ definition: { group, storageVersion: version, resource } }: ResourceStore, events: number): void {
    if (events > 0) this.events.inc({ group, version, resource }, events);
  }
}
