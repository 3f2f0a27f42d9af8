import type { apiregistrationv1 } from '@navarch/api';

/** Priorities of groups as upstream sets them; what is not named comes after all built-in groups. */
const priorities: Readonly<Record<string, readonly [group: number, version: number]>> = {
  '': [18_000, 1], apps: [17_800, 15], 'events.k8s.io': [17_750, 15], 'authentication.k8s.io': [17_700, 15], 'authorization.k8s.io': [17_600, 15], autoscaling: [17_500, 15], batch: [17_400, 15],
  'certificates.k8s.io': [17_300, 15], 'networking.k8s.io': [17_200, 15], policy: [17_100, 15], 'rbac.authorization.k8s.io': [17_000, 15], 'storage.k8s.io': [16_800, 15],
  'admissionregistration.k8s.io': [16_700, 15], 'apiextensions.k8s.io': [16_700, 15], 'scheduling.k8s.io': [16_600, 15], 'coordination.k8s.io': [16_500, 15], 'node.k8s.io': [16_300, 15],
  'discovery.k8s.io': [16_200, 15], 'flowcontrol.apiserver.k8s.io': [16_100, 21], 'resource.k8s.io': [16_060, 20],
};
const customPriority: readonly [number, number] = [1_000, 100];

/** Where this server's own APIServices put a group and its versions. */
export const localPriorities = (group: string): readonly [group: number, version: number] => priorities[group] ?? customPriority;

export const automanaged = 'kube-aggregator.kubernetes.io/automanaged';

export const apiServiceName = (group: string, version: string): string => `${version}.${group}`;

/** The APIService of a group and version that this server serves itself. */
export function localApiService(group: string, version: string, now: string): apiregistrationv1.APIService {
  const [groupPriorityMinimum, versionPriority] = localPriorities(group);
  return {
    metadata: { name: apiServiceName(group, version), labels: { [automanaged]: group in priorities ? 'onstart' : 'true' } },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum, versionPriority },
    status: { conditions: [{ type: 'Available', status: 'True', lastTransitionTime: now, reason: 'Local', message: 'Local APIServices are always available' }] },
  };
}
