import { resource, scheduling, type KubeObject, type ResourceType } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import { pluginsOf } from '@navarch/scheduling';
import type { Profiles } from './profiles';
import type { InformerChoice } from './scheduler-informers';

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
  const versionsOfRules = isOn('DynamicResources') ? [rules, { ...rules, version: 'v1alpha3' }] : [];
  for (const deviceTaintRules of versionsOfRules) if (await isServed(deviceTaintRules)) return { podGroups, deviceTaintRules };
  return { podGroups };
}
