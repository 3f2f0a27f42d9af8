import type { ObjectSource } from '@navarch/reconcile';
import type { ControllerContext } from './context';
import { repeat } from './repeat';
import type { RunningController } from './running-controller';

export interface PeriodicSetup {
  readonly name: string;
  /** From the end of one round to the next. */
  readonly periodMs: number;
  /** What it reads: it does not work before all of these are complete. */
  readonly reads: readonly ObjectSource<never>[];
  readonly work: (signal: AbortSignal) => Promise<void>;
}

/** A controller that looks at everything every so often; a round that fails is logged, and the next comes all the same. */
export function periodicController({ name, periodMs, reads, work }: PeriodicSetup, context: ControllerContext): RunningController {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  return {
    name,
    async start() {
      const { signal } = stopping;
      await Promise.all(reads.map((source) => source.waitForSync(signal)));
      running = repeat(name, periodMs, work, context, signal);
    },
    async stop() {
      stopping.abort(new Error(`${name} stopped`));
      await running;
    },
  };
}
