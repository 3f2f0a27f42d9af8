import type { ClusterEvent, ClusterState, PodInfo, SchedulerPlugin } from '@navarch/scheduling';

/** One hint in this many is measured: most take less time than the measurement. */
const measureHintsEvery = 10;

export interface HintsDeps {
  readonly state: ClusterState;
  /** The plug-ins of the pod's profile, by name. */
  readonly pluginsFor: (pod: PodInfo) => ReadonlyMap<string, SchedulerPlugin>;
  /** A plug-in was asked whether an event can help a pod that it refused. */
  readonly onHint?: (plugin: string, event: string, helps: boolean, milliseconds: number) => void;
}

/** Asks plug-ins what can help the pods that they refused (upstream's QueueingHints). */
export class Hints {
  #asked = 0;

  constructor(private readonly deps: HintsDeps) {}

  helps(event: ClusterEvent, pod: PodInfo, refusedBy: readonly string[]): boolean {
    if (refusedBy.length === 0) return true;
    const plugins = this.deps.pluginsFor(pod);
    return refusedBy.some((name) => {
      const hints = plugins.get(name)?.hints;
      // Who names no events may be helped by any.
      if (hints === undefined) return true;
      const hint = hints[event.name];
      if (hint === undefined) return false;
      if (this.#asked++ % measureHintsEvery > 0) return hint(pod, event, this.deps.state);
      const started = performance.now();
      const helps = hint(pod, event, this.deps.state);
      this.deps.onHint?.(name, event.name, helps, performance.now() - started);
      return helps;
    });
  }
}
