import type { AdmissionAttributes, AdmissionChain, AdmissionPlugin } from './admission';

/** Runs plug-ins in their order: all that mutate, then all that validate. */
export class PluginChain implements AdmissionChain {
  private mutating: readonly AdmissionPlugin[] = [];
  private validating: readonly AdmissionPlugin[] = [];
  private undoing: readonly AdmissionPlugin[] = [];

  /** Plug-ins look things up in the registry, which admits through this chain: so they come after it. */
  install(plugins: readonly AdmissionPlugin[]): void {
    this.mutating = plugins.filter((plugin) => 'mutate' in plugin);
    this.validating = plugins.filter((plugin) => 'validate' in plugin);
    this.undoing = plugins.filter((plugin) => 'undo' in plugin);
  }

  async mutate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.mutating) {
      if (!plugin.handles(attributes)) continue;
      const done = plugin.mutate?.(attributes);
      if (done) await done;
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.validating) {
      if (!plugin.handles(attributes)) continue;
      const done = plugin.validate?.(attributes);
      if (done) await done;
    }
  }

  undo(attributes: AdmissionAttributes): void {
    for (const plugin of this.undoing) if (plugin.handles(attributes)) plugin.undo?.(attributes);
  }
}
