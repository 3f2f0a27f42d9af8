import { formatDuration } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';

/** How a wait in Permit ended. */
export type PermitOutcome = { readonly allowed: true } | { readonly allowed: false; readonly reason: string; readonly preempted?: true };

interface Waiting {
  readonly settle: (outcome: PermitOutcome) => void;
  readonly timer: { cancel(): void };
}

/** Pods that have a node and are not bound yet: they wait until all Permit plug-ins let them that made them wait, or until what PreBind does for them is done. */
export class WaitingPods {
  /** By the pod's uid, then by the plug-in that made it wait. */
  readonly #waiting = new Map<string, Map<string, Waiting>>();
  readonly #prepared = new Map<string, AbortController>();

  constructor(private readonly clock: Clock) {}

  wait(uid: string, plugin: string, timeoutMs: number): Promise<PermitOutcome> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimeout(() => this.refuse(uid, `rejected due to timeout after waiting ${formatDuration(Math.round(timeoutMs * 1e6))} at plugin ${plugin}`), timeoutMs);
      const waits = this.#waiting.get(uid) ?? new Map<string, Waiting>();
      this.#waiting.set(uid, waits.set(plugin, { settle: resolve, timer }));
    });
  }

  /** Those of them go on that wait for this plug-in. */
  allow(uids: readonly string[], plugin: string): void {
    for (const uid of uids) this.#settle(uid, { allowed: true }, plugin);
  }

  /** Whatever is done for the pod is of no use. False if it does not wait. */
  refuse(uid: string, reason: string): boolean {
    this.#prepared.get(uid)?.abort(new Error(reason));
    return this.#settle(uid, { allowed: false, reason });
  }

  /** It waits for nobody any more. */
  endWaiting(uid: string): void {
    this.#settle(uid, { allowed: false, reason: 'it waits no more' });
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

  /** Ends its wait for one plug-in, or for all. */
  #settle(uid: string, outcome: PermitOutcome, plugin?: string): boolean {
    const waits = this.#waiting.get(uid);
    if (waits === undefined) return false;
    for (const [name, { timer, settle }] of waits) {
      if (plugin !== undefined && name !== plugin) continue;
      waits.delete(name);
      timer.cancel();
      settle(outcome);
    }
    if (waits.size === 0) this.#waiting.delete(uid);
    return true;
  }
}
