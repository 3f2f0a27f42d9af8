import { resource as dra } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';

export interface SliceWipingDeps {
  readonly client: Pick<ApiClient, 'list' | 'delete'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  /** The node is in the API; before, there is nothing of it to wipe. */
  readonly nodeIsKnown: () => boolean;
}

/** Upstream's: a driver that is replaced is back by then. */
const wipingDelayMs = 30_000;
const firstRetryMs = 1_000;
const longestRetryMs = 300_000;

/** Takes the ResourceSlices of drivers that are not here out of the API, so that no pod is sent here for them. */
export class SliceWiping {
  readonly #pending = new Map<string, AbortController>();
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly deps: SliceWipingDeps) {}

  /** No driver has registered yet: each publishes its slices anew. */
  start(): void {
    this.#begin('', 0);
  }

  async stop(): Promise<void> {
    for (const driver of [...this.#pending.keys()]) this.#cancel(driver);
    await Promise.all(this.#running);
  }

  follow(driver: string, isThere: boolean): void {
    if (isThere) this.#cancel(driver);
    else if (!this.#pending.has(driver)) this.#begin(driver, wipingDelayMs);
  }

  #cancel(driver: string): void {
    this.#pending.get(driver)?.abort(new Error('wiping ResourceSlices is not needed any more'));
    this.#pending.delete(driver);
  }

  #begin(driver: string, delayMs: number): void {
    const controller = new AbortController();
    this.#pending.set(driver, controller);
    const run = this.#wipe(driver, delayMs, controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) this.deps.log.error({ err: error, driver }, 'wiping ResourceSlices failed');
    }).finally(() => {
      this.#running.delete(run);
      if (this.#pending.get(driver) === controller) this.#pending.delete(driver);
    });
    this.#running.add(run);
  }

  async #wipe(driver: string, delayMs: number, signal: AbortSignal): Promise<void> {
    const { clock, log, nodeIsKnown } = this.deps;
    if (delayMs > 0) await clock.sleep(delayMs, signal);
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      try {
        if (nodeIsKnown()) { await this.#deleteSlices(driver, signal); return; }
      } catch (error) {
        signal.throwIfAborted();
        log.info({ err: error, driver }, 'ResourceSlices could not be deleted yet');
      }
      await clock.sleep(retryMs, signal);
    }
  }

  async #deleteSlices(driver: string, signal: AbortSignal): Promise<void> {
    const { client, nodeName, log } = this.deps;
    const fieldSelector = [`spec.nodeName=${nodeName}`, ...(driver === '' ? [] : [`spec.driver=${driver}`])].join(',');
    // The selector is what the node may ask for; what is deleted does not depend on who answers it.
    const slices = (await client.list(dra.resourceslices, { fieldSelector, signal })).items.filter(({ spec }) => spec.nodeName === nodeName && (driver === '' || spec.driver === driver));
    for (const { metadata } of slices) {
      await client.delete(dra.resourceslices, { namespace: '', name: metadata.name ?? '' }, { signal, ...(metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } }) }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    if (slices.length > 0) log.info({ driver, slices: slices.length }, 'ResourceSlices deleted: their driver is not here');
  }
}
