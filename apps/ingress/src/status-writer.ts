import { networking, type networkingv1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient, Informer } from '@navarch/client';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';

const retryMs = 1_000;

export interface StatusWriterOptions {
  /** By which this controller is reached, one or one of each family. */
  readonly addresses: readonly string[];
}

export interface StatusWriterDeps {
  readonly ingresses: Informer<networkingv1.Ingress>;
  readonly classes: Informer<networkingv1.IngressClass>;
  readonly isServed: (ingress: networkingv1.Ingress) => boolean;
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells by which addresses each Ingress is reached that is served here, and takes that back from those that are no longer. */
export class StatusWriter implements Component {
  readonly name = 'ingress-status';
  readonly #stop = new AbortController();
  #endings: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #dirty = true;
  #loop: Promise<void> | undefined;

  constructor(private readonly options: StatusWriterOptions, private readonly deps: StatusWriterDeps) {}

  start(): Promise<void> {
    const mark = (): void => {
      this.#dirty = true;
      this.#wake?.();
    };
    this.#endings = [this.deps.ingresses.addHandler({ onAdd: mark, onUpdate: mark }), this.deps.classes.addHandler({ onAdd: mark, onUpdate: mark, onDelete: mark })];
    this.#loop = this.#run();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('ingress is stopping'));
    for (const end of this.#endings) end();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, ingresses, log } = this.deps;
    const stopped = (): boolean => this.#stop.signal.aborted;
    while (!stopped()) {
      this.#dirty = false;
      let failed = false;
      for (const ingress of ingresses.list().filter((each) => this.deps.isServed(each) !== this.#isTold(each))) {
        try {
          await this.#tell(ingress);
        } catch (error) {
          // Gone or changed meanwhile: the change wakes this loop again.
          if (isNotFound(error) || isConflict(error) || stopped()) continue;
          log.warn({ err: error, namespace: ingress.metadata.namespace, ingress: ingress.metadata.name }, 'status could not be written; it is tried again');
          failed = true;
        }
      }
      if (failed) await rest(clock, retryMs, this.#stop.signal);
      else if (!this.#wantsMore && !stopped()) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Something has changed since the last look began. */
  get #wantsMore(): boolean {
    return this.#dirty;
  }

  /** Another's addresses are not ours to take back. */
  #isTold({ status }: networkingv1.Ingress): boolean {
    const told = status?.loadBalancer?.ingress ?? [];
    return told.length === this.options.addresses.length && told.every(({ ip }, index) => ip === this.options.addresses[index]);
  }

  async #tell(ingress: networkingv1.Ingress): Promise<void> {
    const loadBalancer = this.deps.isServed(ingress) ? { ingress: this.options.addresses.map((ip) => ({ ip })) } : {};
    await this.deps.client.updateStatus(networking.ingresses, { ...ingress, status: { loadBalancer } }, { signal: this.#stop.signal });
  }
}
