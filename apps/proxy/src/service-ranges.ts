import type { networkingv1 } from '@navarch/api';
import type { Informer } from '@navarch/client';
import type { Component } from '@navarch/component-base';

/** Where Services have their addresses from, by the cluster's ServiceCIDRs. */
export class ServiceRanges implements Component {
  readonly name = 'service-ranges';
  readonly #stop = new AbortController();
  #end: (() => void) | undefined;

  constructor(private readonly informer: Informer<networkingv1.ServiceCIDR>, private readonly onChange: () => void) {}

  get list(): readonly string[] {
    return [...new Set(this.informer.list().flatMap(({ spec }) => spec?.cidrs ?? []))].sort();
  }

  /** Resolves when they are known; of what comes later it tells. */
  async start(): Promise<void> {
    await this.informer.waitForSync(this.#stop.signal);
    let known = this.list.join();
    const look = (): void => {
      const now = this.list.join();
      if (now === known) return;
      known = now;
      this.onChange();
    };
    this.#end = this.informer.addHandler({ onAdd: look, onUpdate: look, onDelete: look });
  }

  stop(): Promise<void> {
    this.#stop.abort(new Error('proxy is stopping'));
    this.#end?.();
    return Promise.resolve();
  }
}
