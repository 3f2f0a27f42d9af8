import type { Logger } from '@navarch/component-base';
import type { PermitAnswer, PodInfo } from '@navarch/scheduling';
import { ExternalPluginError, type ExternalPlugin } from '../external/external-plugin';
import { bindingRefusal, placeRefusal } from './binding-refusal';

/** The part that plug-ins in other processes have in one binding. A failure of one that may be ignored is logged; any other ends the binding. */
export class ExternalBinding {
  constructor(private readonly externals: readonly ExternalPlugin[], private readonly pod: PodInfo, private readonly node: string, private readonly deps: { readonly signal: AbortSignal; readonly log: Logger }) {}

  /** Whether one of them has something to do before the pod is bound. */
  get worksBeforeBinding(): boolean {
    return this.externals.some((external) => external.worksBeforeBinding === true);
  }

  /** @throws BindingRefusal */
  async reserve(): Promise<void> {
    for (const external of this.externals) {
      const refusal = await this.#ask(external, () => external.reserve?.(this.pod, this.node, this.deps.signal));
      if (refusal !== undefined) throw placeRefusal(external.name, refusal);
    }
  }

  /** What each says, in turn: `settle` carries it out before the next is asked. */
  async permit(settle: (plugin: string, answer: PermitAnswer) => void): Promise<void> {
    for (const external of this.externals) {
      const answer = await this.#ask(external, () => external.permit?.(this.pod, this.node, this.deps.signal));
      if (answer !== undefined) settle(external.name, answer);
    }
  }

  /** @throws BindingRefusal */
  async preBind(): Promise<void> {
    for (const external of this.externals) {
      const refusal = await this.#ask(external, () => external.preBind?.(this.pod, this.node, this.deps.signal));
      if (refusal !== undefined) throw bindingRefusal(external.name, refusal);
    }
  }

  /** Binds the pod, if one of them does that and does not fail where that may be ignored; else `otherwise` does. */
  async bind(otherwise: () => Promise<void>): Promise<void> {
    const binder = this.externals.find((external) => external.bind !== undefined);
    const isDone = binder && (await this.#ask(binder, async () => {
      await binder.bind?.(this.pod, this.node, this.deps.signal);
      return true;
    }));
    if (isDone !== true) await otherwise();
  }

  /** The pod is bound: nobody waits for an answer. */
  postBind(): void {
    for (const external of this.externals) this.#tell(external, 'was bound', external.postBind?.(this.pod, this.node, this.deps.signal));
  }

  /** The pod was not bound: nobody waits for an answer. */
  unreserve(): void {
    for (const external of this.externals) this.#tell(external, 'was not bound', external.unreserve?.(this.pod, this.node, this.deps.signal));
  }

  async #ask<T>(external: ExternalPlugin, call: () => Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (!external.ignorable) throw new ExternalPluginError(external.name, error);
      this.deps.log.warn({ plugin: external.name, err: error }, 'a plug-in in another process failed and is ignored');
      return undefined;
    }
  }

  #tell(external: ExternalPlugin, what: string, call: Promise<void> | undefined): void {
    call?.catch((error: unknown) => {
      if (!this.deps.signal.aborted) this.deps.log.warn({ plugin: external.name, outcome: what, err: error }, 'a plug-in in another process was not told what became of a pod');
    });
  }
}
