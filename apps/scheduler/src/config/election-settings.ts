import type { SchedulerConfiguration } from './scheduler-configuration';

/** What a configuration says of the election, as the flags that say the same. What Go reads as nothing leaves the default. */
export function electionSettings({ leaderElection = {} }: SchedulerConfiguration): Readonly<Record<string, string>> {
  const { leaderElect, leaseDuration, renewDeadline, retryPeriod, resourceName, resourceNamespace } = leaderElection;
  const said: Readonly<Record<string, string | undefined>> = {
    'leader-elect': leaderElect === undefined ? undefined : String(leaderElect),
    'leader-elect-lease-duration': leaseDuration, 'leader-elect-renew-deadline': renewDeadline, 'leader-elect-retry-period': retryPeriod,
    'leader-elect-resource-name': resourceName, 'leader-elect-resource-namespace': resourceNamespace,
  };
  return Object.fromEntries(Object.entries(said).flatMap(([flag, text]) => (text === undefined || text === '' || text === '0s' ? [] : [[flag, text]])));
}
