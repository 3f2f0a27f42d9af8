import { setMaxListeners } from 'node:events';
import { formatNamespacedName, isConflict, parseNamespacedName } from '@navarch/apimachinery';
import type { KubeObject } from '@navarch/api';
import type { Clock } from '@navarch/clock';
import { WorkQueue, type WorkQueueMetrics } from '@navarch/workqueue';
import { keyOfObject, type ObjectKey, type ReconcileLog } from '../ports';
import { isTerminal, type Reconciler } from './reconciler';

export type Outcome = 'done' | 'requeued' | 'conflict' | 'terminal' | 'error';

export interface ControllerOptions {
  /** How many keys are worked on side by side. */
  readonly workers?: number;
}

export interface ControllerDeps {
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  readonly log: ReconcileLog;
  readonly queueMetrics?: WorkQueueMetrics | undefined;
  readonly onOutcome?: ((controller: string, outcome: Outcome) => void) | undefined;
}

/** The loop around a reconciler: a queue of keys, workers, back-off, and what an error means. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #deps: ControllerDeps;
  readonly #queue: WorkQueue;
  readonly #stopping = new AbortController();
  #workers: Promise<void>[] = [];

  constructor(options: ControllerOptions, deps: ControllerDeps) {
    this.name = deps.reconciler.name;
    this.#options = options;
    this.#deps = deps;
    // Every call under way listens to it.
    setMaxListeners(0, this.#stopping.signal);
    this.#queue = new WorkQueue({ name: this.name }, { clock: deps.clock, ...(deps.queueMetrics === undefined ? {} : { metrics: deps.queueMetrics }) });
  }

  /** Marks an object's key as needing work. */
  enqueue(key: ObjectKey): void {
    this.#queue.add(formatNamespacedName(key));
  }

  enqueueObject(object: KubeObject): void {
    this.enqueue(keyOfObject(object));
  }

  /** Marks it after `ms`. */
  enqueueAfter(key: ObjectKey, ms: number): void {
    this.#queue.addAfter(formatNamespacedName(key), ms);
  }

  /** Starts the workers; keys may have been added before. */
  start(): Promise<void> {
    if (this.#workers.length === 0) this.#workers = Array.from({ length: this.#options.workers ?? 5 }, () => this.#work());
    return Promise.resolve();
  }

  /** Aborts what is being worked on; resolves when all workers have ended. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.name} stopped`));
    this.#queue.shutDown();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    for (let key = await this.#queue.get(signal); key !== undefined && !signal.aborted; key = await this.#queue.get(signal)) {
      const outcome = await this.#reconcile(key, signal);
      this.#deps.onOutcome?.(this.name, outcome);
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    const { log, reconciler } = this.#deps;
    try {
      const result = await reconciler.reconcile(parseNamespacedName(key), signal);
      this.#queue.forget(key);
      if (result.kind === 'done') return 'done';
      // What it goes on for may be on its way here: a loop of promises alone would let nothing arrive.
      if (result.ms <= 0) await new Promise((resolve) => setImmediate(resolve));
      this.#queue.addAfter(key, result.ms);
      return 'requeued';
    } catch (error) {
      if (signal.aborted) return 'requeued';
      if (isTerminal(error)) {
        this.#queue.forget(key);
        log.warn({ controller: this.name, key, err: error }, 'reconcile given up');
        return 'terminal';
      }
      this.#queue.addRateLimited(key);
      if (isConflict(error)) {
        log.debug({ controller: this.name, key, err: error }, 'reconcile met a newer version');
        return 'conflict';
      }
      log.warn({ controller: this.name, key, retries: this.#queue.numRequeues(key), err: error }, 'reconcile failed');
      return 'error';
    }
  }
}
