import type { AdmissionAttributes, AdmissionOperation, AdmissionPlugin, MutationPass } from './admission';

export type AdmissionType = 'admit' | 'validate';

/** Is told how long something took, and whether it refused the write. */
export type Observe = (seconds: number, rejected: boolean) => void;

/** Names whom to tell how long each plug-in, and each step of all of them, takes with writes of one operation. */
export interface AdmissionObserver {
  plugin(name: string, type: AdmissionType, operation: AdmissionOperation): Observe;
  step(type: AdmissionType, operation: AdmissionOperation): Observe;
}

interface PhaseStep {
  readonly plugin: AdmissionPlugin;
  readonly observe: Observe | undefined;
}

/** The plug-ins that mutate, or those that validate, writes of one sort. */
export class AdmissionPhase {
  private readonly steps: readonly PhaseStep[];
  private readonly observe: Observe | undefined;

  constructor(type: AdmissionType, plugins: readonly AdmissionPlugin[], operation: AdmissionOperation, observer: AdmissionObserver | undefined) {
    this.steps = plugins.map((plugin) => ({ plugin, observe: observer?.plugin(plugin.name, type, operation) }));
    this.observe = observer?.step(type, operation);
  }

  /** `pass` where they mutate. */
  async run(attributes: AdmissionAttributes, pass?: MutationPass): Promise<void> {
    const { steps } = this;
    const started = performance.now();
    let current: PhaseStep | undefined;
    // The end of one plug-in is the beginning of the next: clocks are read some twenty times for each request.
    let before = started;
    try {
      // By index, and with all variables its own: in what may wait, iterators and closures are made anew for every request.
      for (let at = 0; at < steps.length; at++) {
        const step = steps[at] as PhaseStep;
        const { plugin } = step;
        if (plugin.applies?.(attributes) === false) continue;
        current = step;
        const done = pass ? plugin.mutate?.(attributes, pass) : plugin.validate?.(attributes);
        if (done) await done;
        const now = performance.now();
        step.observe?.((now - before) / 1000, false);
        before = now;
        current = undefined;
      }
      this.observe?.((before - started) / 1000, false);
    } catch (error) {
      const now = performance.now();
      current?.observe?.((now - before) / 1000, true);
      this.observe?.((now - started) / 1000, true);
      throw error;
    }
  }
}
