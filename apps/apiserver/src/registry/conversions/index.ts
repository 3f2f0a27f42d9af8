import type { ResourceFacts } from '@navarch/api';
import type { ResourceDefinition } from '../resource-definition';
import type { VersionConversion } from '../served-resource';
import { deviceConversions } from './device-v1beta1';
import { eventConversion } from './event';
import { horizontalPodAutoscalerConversion } from './horizontal-pod-autoscaler';

/** Where a resource's objects are kept: Events of both groups are the same objects. */
export function storedAs({ group, resource }: Pick<ResourceFacts, 'group' | 'resource'>): { group: string; resource: string } {
  return group === 'events.k8s.io' ? { group: '', resource } : { group, resource };
}

/** How a served version differs from the stored one; undefined when only the name of the version does. */
export function conversionFor({ group, version, resource }: ResourceFacts, { storageVersion }: ResourceDefinition): VersionConversion | undefined {
  if (group === 'events.k8s.io') return eventConversion;
  if (group === 'autoscaling' && resource === 'horizontalpodautoscalers' && version !== storageVersion) return horizontalPodAutoscalerConversion;
  if (group === 'resource.k8s.io' && version === 'v1beta1' && version !== storageVersion) return deviceConversions[resource];
  return undefined;
}
