import { Counter, Gauge, type Registry } from 'prom-client';
import type { ReloadObserver } from './reloaded-file';

/** Reloads of one kind of configuration, by upstream's names, with labels in the order in which Go prints them: `apiserver_<subsystem>_config_controller_*`. */
export class ReloadMetrics implements ReloadObserver {
  private readonly total: Counter;
  private readonly last: Gauge;
  private readonly info: Gauge;

  constructor(subsystem: 'authentication' | 'authorization' | 'encryption', private readonly serverIdHash: string, registry: Registry) {
    const prefix = `apiserver_${subsystem}_config_controller`;
    const registers = [registry];
    this.total = new Counter({
      name: `${prefix}_automatic_reloads_total`,
      help: 'Times that the configuration was taken over, or could not be.',
      labelNames: ['apiserver_id_hash', 'status'],
      registers,
    });
    this.last = new Gauge({ name: `${prefix}_automatic_reload_last_timestamp_seconds`, help: 'When that was last.', labelNames: ['apiserver_id_hash', 'status'], registers });
    this.info = new Gauge({ name: `${prefix}_last_config_info`, help: 'Which contents of the file are in use.', labelNames: ['apiserver_id_hash', 'hash'], registers });
  }

  reloaded(status: 'failure' | 'success', atSeconds: number): void {
    const labels = { apiserver_id_hash: this.serverIdHash, status };
    this.total.inc(labels);
    this.last.set(labels, atSeconds);
  }

  inUse(hash: string): void {
    this.info.reset();
    this.info.set({ apiserver_id_hash: this.serverIdHash, hash }, 1);
  }
}
