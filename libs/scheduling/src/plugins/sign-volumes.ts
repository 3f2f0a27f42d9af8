import type { PodInfo } from '../state/pod-info';

/**
 * What plug-ins for volumes see in a pod: not what is made of the API's own objects. A claim can be bound with its first pod, or be used up by it, so that such pods
 * are not alike.
 */
export function signVolumes({ spec, claims }: PodInfo): readonly unknown[] | undefined {
  if (claims.length > 0) return undefined;
  return (spec.volumes ?? []).filter(({ configMap, secret }) => configMap === undefined && secret === undefined);
}
