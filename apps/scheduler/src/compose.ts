import type { ApiClient, Informer } from '@navarch/client';
import type { HealthChecks } from '@navarch/component-base';
import { pluginsOf } from '@navarch/scheduling';
import { buildProfiles } from './config/build-profiles';
import { loadConfiguration } from './config/load-configuration';
import type { CallListener } from './external/external-calls';
import { HttpExtender } from './external/http-extender';
import { RemotePlugin } from './external/remote-plugin';
import { Profiles } from './profiles';
import type { QueueOptions } from './queue/scheduling-queue';
import { scheduling } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';

export interface SchedulerSetup {
  readonly profiles: Profiles;
  readonly queue: QueueOptions;
}

/** What the configuration file, or its absence, says. @param tell of calls to other processes @throws ConfigurationError */
export function setUp(path: string | undefined, schedulerName: string, tell: CallListener): SchedulerSetup {
  const configuration = path === undefined ? {} : loadConfiguration(path);
  const { podInitialBackoffSeconds = 1, podMaxBackoffSeconds = 10, extenders = [] } = configuration;
  const profiles = buildProfiles(configuration, { remote: (name, args, weight) => new RemotePlugin(name, args, weight, tell), extenders: extenders.map((extender) => new HttpExtender(extender, tell)) }, schedulerName);
  return { profiles: new Profiles(profiles), queue: { initialBackoffMs: podInitialBackoffSeconds * 1000, maxBackoffMs: podMaxBackoffSeconds * 1000 } };
}

/** PodGroups matter to gang scheduling only, and not every server serves them. */
export async function wantsPodGroups({ all }: Profiles, client: ApiClient, signal: AbortSignal): Promise<boolean> {
  if (!all.some(({ profile }) => pluginsOf(profile).some(({ name }) => name === 'GangScheduling'))) return false;
  try {
    await client.list(scheduling.podgroups, { namespace: 'kube-system', signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

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
