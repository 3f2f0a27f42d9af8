import { parentPort } from 'node:worker_threads';
import { perform, type WorkInput, type WorkName } from './offloaded-work';
import { failureOf, type WorkFailure } from './work-failure';

/** What a thread is asked, and what it answers: one at a time, in order. */
export interface WorkOrder<W extends WorkName = WorkName> {
  readonly work: W;
  readonly input: WorkInput<W>;
}
export type WorkAnswer = { readonly output: unknown } | { readonly failure: WorkFailure };

function answer({ work, input }: WorkOrder): WorkAnswer {
  try {
    return { output: perform(work, input) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

parentPort?.on('message', (order: WorkOrder) => parentPort?.postMessage(answer(order)));
