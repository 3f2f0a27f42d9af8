import { rest, type Clock } from '@navarch/clock';
import type { Component, HealthChecks, Logger } from '@navarch/component-base';
import type { PostStartHook } from './pipeline';

const RETRY_MS = 1000;

/** Runs the hooks in order until each has succeeded; /readyz waits for them by name. */
export class PostStartHooks implements Component {
  readonly name = 'post-start-hooks';
  private readonly pending: Set<string>;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly hooks: readonly PostStartHook[],
    private readonly deps: { readonly clock: Clock; readonly log: Logger; readonly health: HealthChecks },
  ) {
    this.pending = new Set(hooks.map(({ name }) => name));
    for (const { name } of hooks) {
      deps.health.add(`poststarthook/${name}`, () => {
        if (this.pending.has(name)) throw new Error('not finished');
      });
    }
  }

  start(): Promise<void> {
    this.running ??= this.run();
    return this.running;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (const hook of this.hooks) {
      while (this.pending.has(hook.name) && !signal.aborted) {
        try {
          await hook.run(signal);
          this.pending.delete(hook.name);
        } catch (error) {
          this.deps.log.warn({ err: error, hook: hook.name }, 'post-start hook failed, trying again');
          await rest(this.deps.clock, RETRY_MS, signal);
        }
      }
    }
  }
}
