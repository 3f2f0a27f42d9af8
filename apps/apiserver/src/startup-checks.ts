import type { Clock } from '@navarch/clock';
import type { Component, HealthChecks } from '@navarch/component-base';

/** What has to be done at the start, each by a name of upstream's, in the checks until it is done. */
export class StartupChecks {
  private readonly startedMs: number;

  /** @param graceMs `--livez-grace-period`: for so long /livez takes what is not done yet for done */
  constructor(private readonly graceMs: number, private readonly deps: { readonly clock: Pick<Clock, 'now'>; readonly health: HealthChecks }) {
    this.startedMs = deps.clock.now();
  }

  /** @returns what is to be called when it is done */
  add(name: string): () => void {
    const { clock, health } = this.deps;
    let isDone = false;
    const check = (): void => {
      if (!isDone) throw new Error('not finished');
    };
    health.add(name, check, ['healthz', 'readyz']);
    health.add(name, () => {
      if (clock.now() - this.startedMs >= this.graceMs) check();
    }, ['livez']);
    return () => {
      isDone = true;
    };
  }

  /** A component whose start is such a thing: `poststarthook/<hook>`, or several, where upstream has more parts than there are here. */
  hook(hooks: string | readonly string[], component: Component): Component {
    const done = [hooks].flat().map((hook) => this.add(`poststarthook/${hook}`));
    return {
      name: component.name,
      start: async () => {
        await component.start();
        for (const one of done) one();
      },
      stop: () => component.stop(),
    };
  }
}
