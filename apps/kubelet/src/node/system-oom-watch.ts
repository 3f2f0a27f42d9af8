import { type Clock } from '@navarch/clock';
import { type Component, type Logger } from '@navarch/component-base';
import { type EventSink } from '../events/event-sink';
import { Repeating } from '../gc/repeating';
import { type KernelMessages } from './kernel-messages';
import { systemOomMessage, SystemOomReader } from './system-oom';

/** How soon an event tells of it; nobody acts on it. */
const lookMs = 2_000;

export interface SystemOomWatchDeps {
  readonly messages: Pick<KernelMessages, 'open' | 'next' | 'close'>;
  readonly events: Pick<EventSink, 'node'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells of the machine's want of memory by events of the node: upstream's pkg/kubelet/oom. Where the kernel's log is closed to this process, it says so and does nothing. */
export class SystemOomWatch implements Component {
  readonly name = 'system-oom-watch';
  readonly #reader = new SystemOomReader();
  readonly #looking: Repeating;

  constructor(private readonly deps: SystemOomWatchDeps) {
    this.#looking = new Repeating('system OOM', lookMs, () => this.#look(), deps);
  }

  async start(): Promise<void> {
    try {
      await this.deps.messages.open();
    } catch (error) {
      this.deps.log.warn({ err: error }, 'cannot read the kernel\'s log: no events of system OOM');
      return;
    }
    this.#looking.start();
  }

  async stop(): Promise<void> {
    await this.#looking.stop();
    await this.deps.messages.close();
  }

  async #look(): Promise<void> {
    for (const message of await this.deps.messages.next()) {
      const victim = this.#reader.read(message);
      if (victim) this.deps.events.node('Warning', 'SystemOOM', systemOomMessage(victim));
    }
  }
}
