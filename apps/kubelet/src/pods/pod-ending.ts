import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Termination } from './pod-observation';
import { graceSecondsOf, nextTermination } from './pod-termination';

/** Why one pod is being ended, and since when. The first cause stays; only that nobody wants the pod any more replaces it. */
export class PodEnding {
  #termination: Termination | undefined;

  constructor(private readonly pod: () => corev1.Pod, private readonly clock: Clock) {}

  get termination(): Termination | undefined {
    return this.#termination;
  }

  /** It is gone from the API, or from its source. */
  get isRemoved(): boolean {
    return this.#termination?.cause === 'removed';
  }

  /** All its containers are done. */
  finish(): void {
    this.#termination ??= this.#begin('finished');
  }

  remove(): void {
    if (!this.isRemoved) this.#termination = this.#begin('removed');
  }

  /** The kubelet gives it up. `disruption`: what its DisruptionTarget condition says where it ends for the node's sake. */
  fail(reason: string, message: string, maxGraceSeconds = Infinity, disruption?: string): void {
    if (this.#termination) return;
    const begun = this.#begin('failed');
    const graceSeconds = Math.max(1, Math.min(maxGraceSeconds, begun.graceSeconds));
    this.#termination = { ...begun, graceSeconds, reason, message, ...(disruption === undefined ? {} : { disruption }) };
  }

  /** Heeds the pod's deletion and its deadline, as they are now. */
  look(startTime: string | undefined, nowMs: number): void {
    this.#termination = nextTermination(this.pod(), this.#termination, startTime, nowMs);
  }

  #begin(cause: Termination['cause']): Termination {
    return { cause, graceSeconds: graceSecondsOf(this.pod()), startedAtMs: this.clock.now() };
  }
}
