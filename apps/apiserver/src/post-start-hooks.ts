import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import type { PostStartHook } from './pipeline';
import type { StartupChecks } from './startup-checks';

const RETRY_MS = 1000;

/** Runs the hooks in order until each has succeeded; /readyz waits for them by name. */
export class PostStartHooks implements Component {
  readonly name = 'post-start-hooks';
  private readonly done: ReadonlyMap<PostStartHook, () => void>;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly hooks: readonly PostStartHook[],
    private readonly deps: { readonly clock: Clock; readonly log: Logger; readonly checks: StartupChecks },
  ) {
    this.done = new Map(hooks.map((hook) => [hook, deps.checks.add(`poststarthook/${hook.name}`)]));
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
      let isPending = true;
      while (isPending && !signal.aborted) {
        try {
          await hook.run(signal);
          isPending = false;
          this.done.get(hook)?.();
        } catch (error) {
          this.deps.log.warn({ err: error, hook: hook.name }, 'post-start hook failed, trying again');
          await rest(this.deps.clock, RETRY_MS, signal);
        }
      }
    }
  }
}
