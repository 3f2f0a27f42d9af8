import type { Informer } from '@navarch/client';
import type { HealthChecks } from '@navarch/component-base';

/** Checks by upstream's names: ready is who has seen the cluster once, and can decide or take over. */
export function addChecks(health: HealthChecks, informers: readonly Pick<Informer<never>, 'waitForSync'>[], isElected: boolean, signal: AbortSignal): void {
  let isSynced = false;
  void Promise.all(informers.map((informer) => informer.waitForSync(signal))).then(() => (isSynced = true), () => undefined);
  // Who loses the election ends.
  if (isElected) health.add('leaderElection', () => undefined, ['healthz', 'readyz']);
  health.addReady('sched-handler-sync', () => {
    if (!isSynced) throw new Error('handlers are not fully synchronized');
  });
}
