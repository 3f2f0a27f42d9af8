import { type corev1 } from '@navarch/api';
import { type PodAction } from './pod-action';

/** How far a pod is. `finished`: it has nothing more to run; `stopped`: nothing of it runs any more. */
export type PodStage = 'running' | 'finished' | 'stopping' | 'stopped';

/** What to do now, and when to look again if nothing else happens. */
export interface Decision {
  readonly stage: PodStage;
  readonly actions: readonly PodAction[];
  readonly wakeAtMs?: number;
  /** Containers that wait, by name, and why. */
  readonly waiting: ReadonlyMap<string, corev1.ContainerStateWaiting>;
}

/** Gathers a decision. */
export class DecisionBuilder {
  readonly #actions: PodAction[] = [];
  readonly #waiting = new Map<string, corev1.ContainerStateWaiting>();
  #wakeAtMs: number | undefined;

  act(action: PodAction): void {
    this.#actions.push(action);
  }

  wakeAt(ms: number): void {
    this.#wakeAtMs = Math.min(this.#wakeAtMs ?? Infinity, ms);
  }

  wait(container: string, waiting: corev1.ContainerStateWaiting): void {
    this.#waiting.set(container, waiting);
  }

  done(stage: PodStage): Decision {
    return { stage, actions: this.#actions, waiting: this.#waiting, ...(this.#wakeAtMs === undefined ? {} : { wakeAtMs: this.#wakeAtMs }) };
  }
}
