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
import type { InformerChoice } from './scheduler-informers';
import { resource, scheduling, type KubeObject, type ResourceType } from '@navarch/api';
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

/** What matters to one plug-in only, and not every server serves. */
export async function chooseInformers({ all }: Profiles, client: Pick<ApiClient, 'list'>, signal: AbortSignal): Promise<InformerChoice> {
  const isOn = (plugin: string): boolean => all.some(({ profile }) => pluginsOf(profile).some(({ name }) => name === plugin));
  const isServed = async (type: ResourceType<KubeObject>, namespace?: string): Promise<boolean> => {
    try {
      await client.list(type, { ...(namespace === undefined ? {} : { namespace }), signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };
  const podGroups = isOn('GangScheduling') && (await isServed(scheduling.podgroups, 'kube-system'));
  const rules = resource.devicetaintrules;
  for (const deviceTaintRules of isOn('DynamicResources') ? [rules, { ...rules, version: 'v1alpha3' }] : []) if (await isServed(deviceTaintRules)) return { podGroups, deviceTaintRules };
  return { podGroups };
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
