import { type Clock } from '@navarch/clock';
import { type RuntimeView } from './runtime-view';

/** Waits for containers of a pod to end: a sidecar is told to end after those that it serves. */
export class EndedContainers {
  readonly #looks = new Set<() => void>();

  constructor(private readonly view: () => RuntimeView, private readonly clock: Clock) {}

  /** What the runtime has of the pod is another now. */
  changed(): void {
    for (const look of [...this.#looks]) look();
  }

  /** Until none of these names is left alive, at the latest until the deadline, in milliseconds of the clock. Rejects when the signal is aborted. */
  async wait(names: readonly string[], deadlineMs: number, signal: AbortSignal): Promise<void> {
    const ended = (): boolean => !this.view().containers.some(({ name, state }) => names.includes(name) && state !== 'exited');
    if (ended()) return;
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (ended()) finish(resolve);
      };
      const abort = (): void => finish(() => reject(signal.reason as Error));
      const timer = this.clock.setTimeout(() => finish(resolve), Math.max(0, deadlineMs - this.clock.now()));
      const finish = (settle: () => void): void => {
        this.#looks.delete(look);
        timer.cancel();
        signal.removeEventListener('abort', abort);
        settle();
      };
      this.#looks.add(look);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  }
}
