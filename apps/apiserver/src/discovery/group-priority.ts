import { localPriorities } from '../aggregation/local-api-services';

/** Upstream's order of groups: it decides which resource a short name means when several groups have it. */
const ORDER = [
  '', 'apiregistration.k8s.io', 'apps', 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io', 'autoscaling', 'batch', 'certificates.k8s.io',
  'networking.k8s.io', 'policy', 'rbac.authorization.k8s.io', 'storage.k8s.io', 'admissionregistration.k8s.io', 'apiextensions.k8s.io', 'scheduling.k8s.io',
  'coordination.k8s.io', 'node.k8s.io', 'discovery.k8s.io', 'resource.k8s.io', 'flowcontrol.apiserver.k8s.io', 'internal.apiserver.k8s.io', 'storagemigration.k8s.io',
];

/** The least of a group and those before it, as the order must be one of numbers too; the first two stand before what others ask for. */
const FLOORS = new Map<string, number>();
for (const group of ORDER) FLOORS.set(group, group === '' || group === 'apiregistration.k8s.io' ? Infinity : Math.min([...FLOORS.values()].at(-1) ?? Infinity, localPriorities(group, 'v1')[0]));

/** Where a group of this server stands among those of others, by their `groupPriorityMinimum`. */
export const localGroupPriority = (group: string): number => FLOORS.get(group) ?? localPriorities(group, 'v1')[0];

const position = (group: string): number => {
  const at = ORDER.indexOf(group);
  return at < 0 ? ORDER.length : at;
};

export function compareGroups(a: string, b: string): number {
  return position(a) - position(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** `v1` 3-1-0, `v2beta3` 2-2-3: stable versions first, then the higher ones. */
function versionRank(version: string): readonly [number, number, number] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [0, 0, 0];
  const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}

/** Kubernetes' order of versions, the preferred one first. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  return right[0] - left[0] || right[1] - left[1] || right[2] - left[2] || (a < b ? -1 : 1);
}
