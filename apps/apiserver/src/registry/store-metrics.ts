import type { Logger } from '@navarch/component-base';
import type { Write } from '@navarch/storage';
import { Counter, type Registry } from 'prom-client';

/** What the store tells of itself. */
export class StoreMetrics {
  private readonly abandonedWrites: Counter;

  constructor(registry: Registry, private readonly log: Logger) {
    this.abandonedWrites = new Counter({ name: 'navarch_apiserver_abandoned_writes_total', help: 'Writes that were not sent to the store because nobody waited for them any more.', registers: [registry] });
  }

  abandoned({ ops }: Write): void {
    this.abandonedWrites.inc();
    this.log.info({ keys: ops.map(({ key }) => key) }, 'write not sent: who asked for it is gone');
  }
}
