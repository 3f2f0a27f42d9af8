import { networking, type networkingv1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient, Informer } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { isOurs } from './routing-table';

const retryMs = 1_000;

/** Tells by which address each Ingress of the class is reached. */
export class StatusWriter implements Component {
  readonly name = 'ingress-status';
  readonly #stop = new AbortController();
  #end: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #dirty = true;
  #loop: Promise<void> | undefined;

  constructor(private readonly options: { readonly className: string; readonly address: string }, private readonly deps: { readonly ingresses: Informer<networkingv1.Ingress>; readonly client: ApiClient; readonly clock: Clock; readonly log: Logger }) {}

  start(): Promise<void> {
    const mark = (): void => {
      this.#dirty = true;
      this.#wake?.();
    };
    this.#end = this.deps.ingresses.addHandler({ onAdd: mark, onUpdate: mark });
    this.#loop = this.#run();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('ingress is stopping'));
    this.#end?.();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, ingresses, log } = this.deps;
    const stopped = (): boolean => this.#stop.signal.aborted;
    while (!stopped()) {
      this.#dirty = false;
      for (const ingress of ingresses.list().filter((each) => isOurs(each, this.options.className) && !this.#isTold(each))) {
        await this.#tell(ingress).catch((error: unknown) => {
          // Gone or changed meanwhile: the change wakes this loop again.
          if (isNotFound(error) || isConflict(error) || stopped()) return;
          log.warn({ err: error, namespace: ingress.metadata.namespace, ingress: ingress.metadata.name }, 'status could not be written; it is tried again');
          this.#dirty = true;
        });
      }
      if (this.#wantsMore) await clock.sleep(retryMs, this.#stop.signal).catch(() => undefined);
      else if (!stopped()) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  get #wantsMore(): boolean {
    return this.#dirty;
  }

  #isTold({ status }: networkingv1.Ingress): boolean {
    const told = status?.loadBalancer?.ingress ?? [];
    return told.length === 1 && told[0]?.ip === this.options.address;
  }

  async #tell(ingress: networkingv1.Ingress): Promise<void> {
    await this.deps.client.updateStatus(networking.ingresses, { ...ingress, status: { loadBalancer: { ingress: [{ ip: this.options.address }] } } }, { signal: this.#stop.signal });
  }
}
