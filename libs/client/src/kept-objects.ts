import type { KubeObject, ResourceType } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import { rest, type Clock } from '@navarch/clock';
import type { ClientLog } from './log';
import type { ApiClient } from './types';

/** An object that shall exist, and when one that exists will do. */
export interface KeptObject<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  readonly wanted: T;
  readonly isSame: (existing: T) => boolean;
}

/** Lets a list hold objects of several types. */
export const keep = <T extends KubeObject>(object: KeptObject<T>): KeptObject => object as unknown as KeptObject;

const firstRetryMs = 200;
const longestRetryMs = 10_000;
/** Somebody may have taken one away. */
const recheckMs = 30_000;

/**
 * Keeps objects by which others find this process, such as its Service: makes them, and puts them back. Labels of others stay.
 * Several processes may keep the same object.
 */
export class KeptObjects {
  readonly name = 'kept-objects';
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #ready = false;

  constructor(private readonly objects: readonly KeptObject[], private readonly deps: { readonly client: ApiClient; readonly clock: Clock; readonly log: ClientLog }) {}

  /** All of them were there. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Returns at once: nothing here waits for the API. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process is stopping'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.deps;
    const stopped = (): boolean => this.#stop.signal.aborted;
    let retryMs = firstRetryMs;
    while (!stopped()) {
      let wait = recheckMs;
      try {
        for (const object of this.objects) await this.#ensure(object);
        this.#ready = true;
        retryMs = firstRetryMs;
      } catch (error) {
        if (stopped()) return;
        log.warn({ err: error }, 'this process could not be registered; it is tried again');
        wait = retryMs;
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
      await rest(clock, wait, this.#stop.signal);
    }
  }

  async #ensure({ type, wanted, isSame }: KeptObject): Promise<void> {
    const { client } = this.deps;
    const { signal } = this.#stop;
    const key = { namespace: wanted.metadata.namespace ?? '', name: wanted.metadata.name ?? '' };
    let existing: KubeObject;
    try {
      existing = await client.get(type, key, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      try {
        await client.create(type, wanted, { signal });
      } catch (created) {
        if (!isAlreadyExists(created)) throw created; // another process was first
      }
      return;
    }
    if (isSame(existing)) return;
    await client.update(type, { ...existing, ...wanted, metadata: { ...existing.metadata, labels: { ...existing.metadata.labels, ...wanted.metadata.labels } } }, { signal });
  }
}
