import { formatDuration } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';

/** How a wait in Permit ended. */
export type PermitOutcome = { readonly allowed: true } | { readonly allowed: false; readonly reason: string; readonly preempted?: true };

interface Waiting {
  /** Who made it wait. */
  readonly plugin: string;
  readonly settle: (outcome: PermitOutcome) => void;
  readonly timer: { cancel(): void };
}

/** Pods that have a node and are not bound yet: they wait until a Permit plug-in lets them, or until what PreBind does for them is done. */
export class WaitingPods {
  readonly #waiting = new Map<string, Waiting>();
  readonly #prepared = new Map<string, AbortController>();

  constructor(private readonly clock: Clock) {}

  wait(uid: string, plugin: string, timeoutMs: number): Promise<PermitOutcome> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimeout(() => this.refuse(uid, `rejected due to timeout after waiting ${formatDuration(Math.round(timeoutMs * 1e6))} at plugin ${plugin}`), timeoutMs);
      this.#waiting.set(uid, { plugin, settle: resolve, timer });
    });
  }

  /** Those of them go on that wait for this plug-in. */
  allow(uids: readonly string[], plugin: string): void {
    for (const uid of uids) if (this.#waiting.get(uid)?.plugin === plugin) this.#settle(uid, { allowed: true });
  }

  /** Whatever is done for the pod is of no use. False if it does not wait. */
  refuse(uid: string, reason: string): boolean {
    this.#prepared.get(uid)?.abort(new Error(reason));
    return this.#settle(uid, { allowed: false, reason });
  }

  /** Something is done for the pod before it is bound, until `endPreparing`. The signal aborts when the pod loses its place. */
  prepare(uid: string): AbortSignal {
    const controller = new AbortController();
    this.#prepared.set(uid, controller);
    return controller.signal;
  }

  /** Nobody takes its place any more by asking here. */
  endPreparing(uid: string): void {
    this.#prepared.delete(uid);
  }

  /** Another pod takes its place: it is tried again. False if it neither waits nor is prepared. */
  preempt(uid: string): boolean {
    this.#prepared.get(uid)?.abort(new Error('preempted'));
    const waits = this.#settle(uid, { allowed: false, reason: 'preempted', preempted: true });
    return waits || this.#prepared.has(uid);
  }

  refuseAll(reason: string): void {
    for (const uid of [...this.#waiting.keys()]) this.refuse(uid, reason);
  }

  #settle(uid: string, outcome: PermitOutcome): boolean {
    const waiting = this.#waiting.get(uid);
    if (waiting === undefined) return false;
    this.#waiting.delete(uid);
    waiting.timer.cancel();
    waiting.settle(outcome);
    return true;
  }
}
