import { internalError, timeout, tooManyRequests } from '@navarch/apimachinery';
import type { Clock, Timer } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { Worker } from 'node:worker_threads';
import type { Offload, WorkInput, WorkName, WorkOutput } from './offloaded-work';
import { errorOf } from './work-failure';
import type { WorkMetrics } from './work-metrics';
import type { WorkAnswer, WorkOrder } from './work-thread';

export interface WorkPoolOptions {
  /** How many threads there may be. They start when there is work, and end when there has been none for a while. */
  readonly threads: number;
  /** How much may wait; what comes then is refused. */
  readonly waiting: number;
  /** How long one piece of work may take; a thread that takes longer is ended, and another takes its place. */
  readonly workMs: number;
  readonly idleMs: number;
}

/** Two threads keep one core for the server's own; what may wait is some seconds of their work. */
export const defaultPool: WorkPoolOptions = { threads: 2, waiting: 64, workMs: 20_000, idleMs: 60_000 };
/** Of each thread's V8: an object of the largest size, many times over. */
const HEAP_MIB = 512;

/** A thread of `work-thread.ts`; `execArgv` are Node's arguments for it where they are not those of the process. */
export function startThread(execArgv?: readonly string[]): Worker {
  return new Worker(require.resolve('./work-thread'), { ...(execArgv ? { execArgv: [...execArgv] } : {}), resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } });
}

export interface WorkPoolDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: WorkMetrics;
  /** Starts a thread that answers each `WorkOrder` with a `WorkAnswer`. */
  startThread(): Worker;
}

interface Job {
  readonly order: WorkOrder;
  readonly since: number;
  resolve(output: unknown): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
  timer: Timer | undefined;
}

/** Threads that do what would hold up the server's own. */
export class WorkPool implements Component, Offload {
  readonly name = 'work-pool';
  readonly #waiting: Job[] = [];
  readonly #threads = new Set<Thread>();
  #stopped = false;

  constructor(
    private readonly options: WorkPoolOptions,
    private readonly deps: WorkPoolDeps,
  ) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const job of this.#waiting.splice(0)) job.reject(internalError('the server is shutting down'));
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, internalError('the server is shutting down'))));
  }

  run<W extends WorkName>(work: W, input: WorkInput<W>): Promise<WorkOutput<W>> {
    const { metrics, clock } = this.deps;
    if (this.#stopped || this.#waiting.length >= this.options.waiting) {
      metrics.done(work, 'refused', 0);
      return Promise.reject(tooManyRequests('too many large requests are waiting, please try again later', 1));
    }
    return new Promise((resolve, reject) => {
      const job: Job = { order: { work, input }, since: clock.monotonic(), resolve: (output) => resolve(output as WorkOutput<W>), reject };
      this.#waiting.push(job);
      this.#handOut();
    });
  }

  #handOut(): void {
    for (;;) {
      const thread = [...this.#threads].find(({ job }) => job === undefined) ?? (this.#threads.size < this.options.threads && this.#waiting.length > 0 ? this.#begin() : undefined);
      const job = thread && this.#waiting.shift();
      this.deps.metrics.waiting(this.#waiting.length);
      if (!thread || !job) return;
      this.#give(thread, job);
    }
  }

  #give(thread: Thread, job: Job): void {
    const { clock, log } = this.deps;
    const { work } = job.order;
    thread.job = job;
    thread.timer?.cancel();
    thread.timer = clock.setTimeout(() => {
      log.warn({ work, ms: this.options.workMs }, 'work on a large object took too long and was ended');
      void this.#end(thread, timeout('request did not complete within the allotted timeout'), 'timeout');
    }, this.options.workMs);
    thread.worker.postMessage(job.order);
  }

  #begin(): Thread {
    const worker = this.deps.startThread();
    const thread: Thread = { worker, job: undefined, timer: undefined };
    this.#threads.add(thread);
    worker.on('message', (answer: WorkAnswer) => this.#answered(thread, answer));
    worker.on('error', (error) => {
      this.deps.log.error({ err: error, work: thread.job?.order.work }, 'thread failed');
      void this.#end(thread, internalError('the work on a large object failed', error));
    });
    worker.on('exit', (code) => void this.#end(thread, internalError(`the work on a large object ended with code ${code}`)));
    // Nobody waits for a thread that has nothing to do.
    worker.unref();
    return thread;
  }

  #answered(thread: Thread, answer: WorkAnswer): void {
    const { clock } = this.deps;
    const { job } = thread;
    thread.job = undefined;
    thread.timer?.cancel();
    thread.timer = clock.setTimeout(() => void this.#end(thread), this.options.idleMs);
    if (job) {
      const failed = 'failure' in answer;
      this.#count(job, failed ? 'failed' : 'done');
      if (failed) job.reject(errorOf(answer.failure));
      else job.resolve(answer.output);
    }
    this.#handOut();
  }

  /** Ends a thread, whatever it is at; others go on with what waits. */
  async #end(thread: Thread, error?: Error, outcome: 'failed' | 'timeout' = 'failed'): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    thread.timer?.cancel();
    const { job } = thread;
    thread.job = undefined;
    const ending = thread.worker.terminate();
    if (job && error) {
      this.#count(job, outcome);
      job.reject(error);
    }
    this.#handOut();
    await ending;
  }

  #count({ order, since }: Job, outcome: 'done' | 'failed' | 'timeout'): void {
    this.deps.metrics.done(order.work, outcome, (this.deps.clock.monotonic() - since) / 1000);
  }
}
