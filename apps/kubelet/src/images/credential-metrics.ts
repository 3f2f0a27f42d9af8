import { createHash } from 'node:crypto';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Programs that give credentials for registries, by upstream's names and labels. */
export class CredentialMetrics {
  readonly #seconds: Histogram<'plugin_name'>;
  readonly #errors: Counter<'plugin_name'>;

  /** `config`: the file that names them. */
  constructor(config: Buffer, registry: Registry) {
    const registers = [registry];
    this.#seconds = new Histogram({
      name: 'kubelet_credential_provider_plugin_duration',
      help: 'Duration of execution in seconds for credential provider plugin',
      labelNames: ['plugin_name'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#errors = new Counter({ name: 'kubelet_credential_provider_plugin_errors_total', help: 'Number of errors from credential provider plugin', labelNames: ['plugin_name'], registers });
    new Gauge({
      name: 'kubelet_credential_provider_config_info',
      help: 'Information about the last applied credential provider configuration with hash as label',
      labelNames: ['hash'],
      registers,
    }).set({ hash: `sha256:${createHash('sha256').update(config).digest('hex')}` }, 1);
  }

  ran(plugin: string, seconds: number, failed: boolean): void {
    this.#seconds.observe({ plugin_name: plugin }, seconds);
    if (failed) this.#errors.inc({ plugin_name: plugin });
  }
}
