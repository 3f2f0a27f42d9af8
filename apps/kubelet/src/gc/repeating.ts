import { type Clock, type Timer } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';

/** Does something again and again, one at a time; a failure is logged and the next turn comes all the same. */
export class Repeating {
  #timer: Timer | undefined;
  #stopped = true;
  #running: Promise<void> | undefined;

  constructor(private readonly what: string, private readonly everyMs: number, private readonly act: () => Promise<void>, private readonly deps: { readonly clock: Clock; readonly log: Logger }) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.deps.clock.setTimeout(() => {
      this.#running = this.act()
        .catch((error: unknown) => this.deps.log.warn({ err: error, task: this.what }, 'periodic task failed'))
        .finally(() => this.#arm());
    }, this.everyMs);
  }
}
