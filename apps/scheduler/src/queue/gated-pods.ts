import type { ClusterEvent, PodInfo, SchedulerPlugin } from '@navarch/scheduling';
import type { HintsDeps } from './hints';

export interface GateDeps extends Pick<HintsDeps, 'state' | 'pluginsFor'> {
  /** A PreEnqueue plug-in keeps the pod out. */
  readonly onGated: (pod: PodInfo, plugin: string, reason: string) => void;
}

interface GatedPod {
  readonly info: PodInfo;
  readonly by: SchedulerPlugin;
}

/** Pods that a PreEnqueue plug-in does not let be tried yet. */
export class GatedPods {
  readonly #pods = new Map<string, GatedPod>();

  constructor(private readonly deps: GateDeps) {}

  get size(): number {
    return this.#pods.size;
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** Whether it was here. */
  delete(uid: string): boolean {
    return this.#pods.delete(uid);
  }

  /** Keeps the pod if a plug-in wants that. Asked whenever a pod would go on: what let it in once may not any more (upstream's runPreEnqueuePlugins). */
  keeps(info: PodInfo): boolean {
    for (const by of this.deps.pluginsFor(info).values()) {
      const reason = by.preEnqueue?.(info, this.deps.state);
      if (reason === undefined) continue;
      this.#pods.set(info.uid, { info, by });
      this.deps.onGated(info, by.name, reason);
      return true;
    }
    return false;
  }

  /** Takes those out that an event can help, by what the plug-in says that keeps each: all at once, so that those which stay gated are not come across again as they are put back. */
  takeHelped(event: ClusterEvent): PodInfo[] {
    const helped = [...this.#pods.values()].filter(({ info, by }) => by.hints?.[event.name]?.(info, event, this.deps.state) === true).map(({ info }) => info);
    for (const { uid } of helped) this.#pods.delete(uid);
    return helped;
  }
}
