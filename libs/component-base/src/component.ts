import { type Logger } from './logger';

/** A part of a process with a life: no I/O before `start`, both methods may be called again. */
export interface Component {
  readonly name: string;
  /** Resolves when ready. */
  start(): Promise<void>;
  /** Resolves when drained. */
  stop(): Promise<void>;
}

/** Starts components in order; stops them in reverse, each even when another fails to. */
export class ComponentGroup {
  readonly #started: Component[] = [];

  constructor(private readonly log: Logger) {}

  /** @throws what the component's start threw; those started before stay so until `stopAll` */
  async start(component: Component): Promise<void> {
    // Counted as started before it is: a start that fails half-way also wants its stop.
    this.#started.push(component);
    await component.start();
    this.log.debug({ started: component.name }, 'component started');
  }

  async stopAll(): Promise<void> {
    for (let component = this.#started.pop(); component; component = this.#started.pop()) {
      try {
        await component.stop();
        this.log.debug({ stopped: component.name }, 'component stopped');
      } catch (error) {
        this.log.error({ err: error, stopping: component.name }, 'component failed to stop');
      }
    }
  }
}
