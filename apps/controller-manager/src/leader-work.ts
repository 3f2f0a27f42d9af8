import type { ReconcileLog } from '@navarch/reconcile';
import type { RunningController } from './running-controller';

export interface LeaderWorkDeps {
  /** Starts the informers. */
  readonly startInformers: () => Promise<void>;
  readonly controllers: readonly RunningController[];
  readonly log: ReconcileLog;
}

/** Runs all controllers until the signal aborts. One that cannot read its kinds yet does not keep the others from working. */
export async function runControllers({ startInformers, controllers, log }: LeaderWorkDeps, signal: AbortSignal): Promise<void> {
  await startInformers();
  const starting = controllers.map(async (controller) => {
    await controller.start();
    log.info({ controller: controller.name }, 'controller started');
  });
  // A start that is given up as the work ends is no failure.
  const started = Promise.all(starting).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  await Promise.race([started, untilAborted(signal)]);
  await untilAborted(signal);
  await Promise.all(controllers.map((controller) => controller.stop()));
  await started;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
