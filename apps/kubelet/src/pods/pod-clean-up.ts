import { type corev1 } from '@navarch/api';
import { type PodActions } from './pod-actions';
import { type Termination } from './pod-observation';
import { uidOf } from './pod-spec';
import { type PodWorkerDeps } from './pod-worker-deps';

export interface PodCleanUpDeps extends Pick<PodWorkerDeps, 'executor' | 'onEnded' | 'onStopped' | 'onDone'> {
  readonly pod: () => corev1.Pod;
  readonly status: () => corev1.PodStatus;
  readonly termination: () => Termination | undefined;
  /** Nothing is left to do for the pod. */
  readonly close: () => void;
}

/** What comes after a pod's last container: it is cleaned up, and a deleted one is let go, from the API and then from the runtime. */
export class PodCleanUp {
  #cleaned = false;

  constructor(private readonly actions: PodActions, private readonly deps: PodCleanUpDeps) {}

  /** Nothing of the pod runs, and all it held is free. */
  get cleaned(): boolean {
    return this.#cleaned;
  }

  /** Begins what is to be done next, if it is not under way; call while nothing of the pod runs. */
  step(): void {
    const { runner } = this.actions;
    if (!this.#cleaned) {
      if (runner.mayRun('clean-up')) runner.run('clean-up', () => this.#cleanUp());
    } else if (this.#isGone() && runner.mayRun('finish')) runner.run('finish', () => this.#letGo());
  }

  async #cleanUp(): Promise<void> {
    const { executor, pod, termination, onEnded } = this.deps;
    await executor.cleanUp(pod(), this.actions.view);
    // What it wrote takes the room that it had to make: upstream's cleanUpContainersInPod keeps no container of an evicted pod.
    if (termination()?.reason === 'Evicted') await executor.removeContainers(pod(), this.actions.view);
    this.#cleaned = true;
    onEnded(uidOf(pod()));
  }

  async #letGo(): Promise<void> {
    const { executor, pod, status, termination, onStopped, onDone, close } = this.deps;
    if (termination()?.cause !== 'removed') await onStopped(pod(), status());
    await executor.removeFromRuntime(pod(), this.actions.view);
    close();
    onDone(uidOf(pod()));
  }

  #isGone(): boolean {
    const { pod, termination } = this.deps;
    return pod().metadata.deletionTimestamp !== undefined || termination()?.cause === 'removed';
  }
}
