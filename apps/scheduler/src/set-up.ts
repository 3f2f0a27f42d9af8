import { scheduling } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import { parseDuration } from '@navarch/component-base';
import { pluginsOf } from '@navarch/scheduling';
import { buildProfiles } from './config/build-profiles';
import { loadConfiguration } from './config/load-configuration';
import type { SchedulerConfiguration } from './config/scheduler-configuration';
import type { CallListener } from './external/external-calls';
import { HttpExtender } from './external/http-extender';
import { RemotePlugin } from './external/remote-plugin';
import { Profiles } from './profiles';
import type { QueueOptions } from './queue/scheduling-queue';

/** What a configuration file may say of the election, by the flags that it goes before. */
export type ElectionSettings = Partial<{
  leaderElect: boolean; leaderElectLeaseDuration: number; leaderElectRenewDeadline: number; leaderElectRetryPeriod: number;
  leaderElectResourceName: string; leaderElectResourceNamespace: string;
}>;

export interface SchedulerSetup {
  readonly profiles: Profiles;
  readonly queue: QueueOptions;
  readonly election: ElectionSettings;
}

/** What the configuration file, or its absence, says. @param tell of calls to other processes @throws ConfigurationError */
export function setUp(path: string | undefined, schedulerName: string, tell: CallListener): SchedulerSetup {
  const configuration = path === undefined ? {} : loadConfiguration(path);
  const { podInitialBackoffSeconds = 1, podMaxBackoffSeconds = 10, leaderElection = {}, extenders = [] } = configuration;
  const profiles = buildProfiles(configuration, {
    remote: (name, args, weight) => new RemotePlugin(name, args, weight, tell),
    extenders: extenders.map((extender) => new HttpExtender(extender, tell)),
  }, schedulerName);
  return {
    profiles: new Profiles(profiles),
    queue: { initialBackoffMs: podInitialBackoffSeconds * 1000, maxBackoffMs: podMaxBackoffSeconds * 1000 },
    election: electionOf(leaderElection),
  };
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

function electionOf(file: NonNullable<SchedulerConfiguration['leaderElection']>): ElectionSettings {
  const { leaderElect, leaseDuration, renewDeadline, retryPeriod, resourceName, resourceNamespace } = file;
  const ms = (name: string, text: string | undefined): object => (text === undefined ? {} : { [name]: parseDuration(text) });
  return {
    ...(leaderElect === undefined ? {} : { leaderElect }),
    ...ms('leaderElectLeaseDuration', leaseDuration), ...ms('leaderElectRenewDeadline', renewDeadline), ...ms('leaderElectRetryPeriod', retryPeriod),
    ...(resourceName === undefined ? {} : { leaderElectResourceName: resourceName }),
    ...(resourceNamespace === undefined ? {} : { leaderElectResourceNamespace: resourceNamespace }),
  };
}
