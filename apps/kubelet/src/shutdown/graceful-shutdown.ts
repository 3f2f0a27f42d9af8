import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type PodWorker } from '../pods/pod-worker';
import { planShutdown, type PriorityGrace } from './plan-shutdown';

const lookMs = 100;
const shutdownReason = 'Terminated';
const shutdownMessage = 'Pod was terminated in response to imminent node shutdown.';

export interface GracefulShutdownDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly workers: () => readonly PodWorker[];
}

/** Ends the node's pods, the least important first, each group with its own time. Resolves when all have ended or the time is over. */
export async function shutDownPods(graces: readonly PriorityGrace[], { clock, log, workers }: GracefulShutdownDeps): Promise<void> {
  const running = workers().filter((worker) => !worker.stopped);
  for (const { pods, graceMs } of planShutdown(running, graces)) {
    log.info({ pods: pods.length, graceMs }, 'ending pods: the node shuts down');
    for (const worker of pods) worker.disrupt(shutdownReason, shutdownMessage, shutdownMessage, Math.ceil(graceMs / 1000));
    for (const untilMs = clock.now() + graceMs; clock.now() < untilMs && pods.some((worker) => !worker.stopped);) await clock.sleep(lookMs);
  }
}
