import type { Config } from '@navarch/component-base';
import type { flags } from './config';
import { buildProfiles } from './config/build-profiles';
import { loadConfiguration } from './config/load-configuration';
import type { CallListener } from './external/external-calls';
import { HttpExtender } from './external/http-extender';
import { RemotePlugin } from './external/remote-plugin';
import { Profiles } from './profiles';
import type { QueueOptions } from './queue/scheduling-queue';

export interface SchedulerSetup {
  readonly profiles: Profiles;
  readonly queue: QueueOptions;
}

type SetUpConfig = Pick<Config<typeof flags>, 'config' | 'schedulerName' | 'podMaxInUnschedulablePodsDuration'>;

/** What the configuration file, or its absence, says. @param tell of calls to other processes @throws ConfigurationError */
export function setUp({ config: path, schedulerName, podMaxInUnschedulablePodsDuration }: SetUpConfig, tell: CallListener): SchedulerSetup {
  const configuration = path === undefined ? {} : loadConfiguration(path);
  const { podInitialBackoffSeconds = 1, podMaxBackoffSeconds = 10, extenders = [] } = configuration;
  const profiles = buildProfiles(configuration, {
    remote: (name, args, weight) => new RemotePlugin(name, args, weight, tell),
    extenders: extenders.map((extender) => new HttpExtender(extender, tell)),
  }, schedulerName);
  return {
    profiles: new Profiles(profiles),
    queue: { initialBackoffMs: podInitialBackoffSeconds * 1000, maxBackoffMs: podMaxBackoffSeconds * 1000, longestUnschedulableMs: podMaxInUnschedulablePodsDuration },
  };
}
