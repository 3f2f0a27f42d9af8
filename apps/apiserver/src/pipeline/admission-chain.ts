import type { AdmissionAttributes, AdmissionChain, AdmissionPlugin, MutationPass } from './admission';

export type AdmissionType = 'admit' | 'validate';

/** Is told how long each plug-in, and each step of all of them, took. */
export interface AdmissionObserver {
  plugin(name: string, type: AdmissionType, attributes: AdmissionAttributes, seconds: number, rejected: boolean): void;
  step(type: AdmissionType, attributes: AdmissionAttributes, seconds: number, rejected: boolean): void;
}

/** Runs plug-ins in their order: all that mutate, twice if one asks for it, then all that validate. */
export class PluginChain implements AdmissionChain {
  private mutating: readonly AdmissionPlugin[] = [];
  private validating: readonly AdmissionPlugin[] = [];
  private undoing: readonly AdmissionPlugin[] = [];
  private observer: AdmissionObserver | undefined;

  /** Plug-ins look things up in the registry, which admits through this chain: so they come after it. */
  install(plugins: readonly AdmissionPlugin[], observer?: AdmissionObserver): void {
    this.mutating = plugins.filter((plugin) => 'mutate' in plugin);
    this.validating = plugins.filter((plugin) => 'validate' in plugin);
    this.undoing = plugins.filter((plugin) => 'undo' in plugin);
    this.observer = observer;
  }

  async mutate(attributes: AdmissionAttributes): Promise<void> {
    const wanted = { another: false };
    const first: MutationPass = { again: false, requestAnother: () => void (wanted.another = true) };
    await this.run('admit', this.mutating, attributes, (plugin) => plugin.mutate?.(attributes, first));
    if (wanted.another) await this.run('admit', this.mutating, attributes, (plugin) => plugin.mutate?.(attributes, { again: true, requestAnother: () => undefined }));
  }

  validate(attributes: AdmissionAttributes): Promise<void> {
    return this.run('validate', this.validating, attributes, (plugin) => plugin.validate?.(attributes));
  }

  undo(attributes: AdmissionAttributes): void {
    for (const plugin of this.undoing) if (plugin.handles(attributes)) plugin.undo?.(attributes);
  }

  private async run(type: AdmissionType, plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes, call: (plugin: AdmissionPlugin) => void | Promise<void>): Promise<void> {
    const { observer } = this;
    const started = performance.now();
    let current: AdmissionPlugin | undefined;
    // The end of one plug-in is the beginning of the next: clocks are read some twenty times for each request.
    let now = started;
    const secondsSince = (start: number): number => ((now = performance.now()) - start) / 1000;
    try {
      for (const plugin of plugins) {
        if (!plugin.handles(attributes)) continue;
        current = plugin;
        const done = call(plugin);
        if (done) await done;
        observer?.plugin(plugin.name, type, attributes, secondsSince(now), false);
        current = undefined;
      }
      observer?.step(type, attributes, (now - started) / 1000, false);
    } catch (error) {
      if (current) observer?.plugin(current.name, type, attributes, secondsSince(now), true);
      observer?.step(type, attributes, (now - started) / 1000, true);
      throw error;
    }
  }
}
