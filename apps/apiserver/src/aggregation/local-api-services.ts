import type { apiregistrationv1 } from '@navarch/api';

interface GroupPriority {
  readonly group: number;
  readonly versions: Readonly<Record<string, number>>;
}

const of = (group: number, versions: Readonly<Record<string, number>> = { v1: 15 }): GroupPriority => ({ group, versions });

/** Priorities of groups and of their versions as upstream sets them; what is not named comes after all built-in groups. */
const priorities: Readonly<Record<string, GroupPriority>> = {
  '': of(18_000, { v1: 1 }),
  apps: of(17_800),
  'events.k8s.io': of(17_750),
  'authentication.k8s.io': of(17_700, { v1: 15, v1beta1: 9, v1alpha1: 1 }),
  'authorization.k8s.io': of(17_600),
  autoscaling: of(17_500, { v2: 30, v1: 15 }),
  batch: of(17_400),
  'certificates.k8s.io': of(17_300, { v1: 15, v1beta1: 9, v1alpha1: 1 }),
  'networking.k8s.io': of(17_200, { v1: 15, v1beta1: 9 }),
  policy: of(17_100),
  'rbac.authorization.k8s.io': of(17_000),
  'storage.k8s.io': of(16_800, { v1: 15, v1beta1: 9, v1alpha1: 1 }),
  'admissionregistration.k8s.io': of(16_700, { v1: 15, v1beta1: 12, v1alpha1: 9 }),
  'apiextensions.k8s.io': of(16_700),
  'scheduling.k8s.io': of(16_600, { v1: 15, v1alpha2: 2 }),
  'coordination.k8s.io': of(16_500, { v1: 15, v1beta1: 13, v1alpha2: 12 }),
  'node.k8s.io': of(16_300),
  'discovery.k8s.io': of(16_200),
  'resource.k8s.io': of(16_200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }),
  'flowcontrol.apiserver.k8s.io': of(16_100, { v1: 21 }),
  'internal.apiserver.k8s.io': of(16_000, { v1alpha1: 9 }),
  'storagemigration.k8s.io': of(15_800, { v1beta1: 9 }),
};

/** Where this server's own APIServices put a group and one of its versions. */
export function localPriorities(group: string, version: string): readonly [group: number, version: number] {
  const known = priorities[group];
  return known ? [known.group, known.versions[version] ?? 1] : [1_000, 100];
}

export const automanaged = 'kube-aggregator.kubernetes.io/automanaged';

export const apiServiceName = (group: string, version: string): string => `${version}.${group}`;

/** The APIService of a group and version that this server serves itself. */
export function localApiService(group: string, version: string, now: string): apiregistrationv1.APIService {
  const [groupPriorityMinimum, versionPriority] = localPriorities(group, version);
  return {
    metadata: { name: apiServiceName(group, version), labels: { [automanaged]: group in priorities ? 'onstart' : 'true' } },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum, versionPriority },
    status: { conditions: [{ type: 'Available', status: 'True', lastTransitionTime: now, reason: 'Local', message: 'Local APIServices are always available' }] },
  };
}
