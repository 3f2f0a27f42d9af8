import { formatDuration } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';

/** How a wait in Permit ended. */
export type PermitOutcome = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

interface Waiting {
  /** Who made it wait. */
  readonly plugin: string;
  readonly settle: (outcome: PermitOutcome) => void;
  readonly timer: { cancel(): void };
}

/** Pods that have a node and wait until a Permit plug-in lets them be bound. */
export class WaitingPods {
  readonly #waiting = new Map<string, Waiting>();

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

  /** False if the pod does not wait. */
  refuse(uid: string, reason: string): boolean {
    return this.#settle(uid, { allowed: false, reason });
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
