import { labelKeyMessages } from '@navarch/apimachinery';
import { parseDuration } from '@navarch/component-base';
import { affinityFaults, affinityShape } from './affinity-args';
import { duration, flag, faultsOf, integer, listOf, object, oneOf, text, type Shape } from './shape';
import { apiVersion } from './scheduler-configuration';

// Without a weight, or with none (0), it is 1.
const resources = listOf(object({ name: text, weight: integer(0, 100) }, 'name'));
const shape = listOf(object({ utilization: integer(0, 100), score: integer(0, 10) }, 'utilization', 'score'));
const policy = oneOf('Honor', 'Ignore');
// Of pods' own, the selector alone has no place here: it is made for each pod. That makes matchLabelKeys mean nothing, as upstream.
const constraint = object(
  { maxSkew: integer(1), topologyKey: text, whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'), minDomains: integer(), nodeAffinityPolicy: policy, nodeTaintsPolicy: policy, matchLabelKeys: listOf(text) },
  'maxSkew', 'topologyKey', 'whenUnsatisfiable',
);

/** The arguments of each plug-in that takes some. */
const argumentsOf: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  DefaultPreemption: { minCandidateNodesPercentage: integer(0, 100), minCandidateNodesAbsolute: integer(0) },
  InterPodAffinity: { hardPodAffinityWeight: integer(0, 100), ignorePreferredTermsOfExistingPods: flag },
  NodeAffinity: { addedAffinity: affinityShape },
  NodeResourcesFit: {
    ignoredResources: listOf(text), ignoredResourceGroups: listOf(text),
    scoringStrategy: object({ type: oneOf('LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'), resources, requestedToCapacityRatio: object({ shape }) }),
  },
  NodeResourcesBalancedAllocation: { resources },
  PodTopologySpread: { defaultConstraints: listOf(constraint), defaultingType: oneOf('System', 'List') },
  VolumeBinding: { bindTimeoutSeconds: integer(0), shape },
  DynamicResources: { filterTimeout: duration, bindingTimeout: duration },
  GangScheduling: { timeoutSeconds: integer(1) },
};

/** A plug-in in another process, over `navarch.scheduler.v1`. */
const remoteApiVersion = 'scheduling.navarch.io/v1';
const remote = object({
  apiVersion: oneOf(remoteApiVersion), kind: oneOf('RemotePluginArgs'), address: text, timeout: duration, preBindTimeout: duration, failurePolicy: oneOf('Fail', 'Ignore'),
  tls: object({ caFile: text, certFile: text, keyFile: text, serverName: text }, 'caFile', 'certFile', 'keyFile'),
}, 'address');

export interface RemotePluginArgs {
  readonly address: string;
  readonly timeout?: string;
  /** Of PreBind, which may take longer than what pods wait for one after the other. */
  readonly preBindTimeout?: string;
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string; readonly serverName?: string };
}

export function isRemote(args: object | undefined): args is RemotePluginArgs {
  const named: { readonly kind?: unknown } | undefined = args;
  return named?.kind === 'RemotePluginArgs';
}

/** Names as labels have them. */
const nameFaults = (name: string, path: string): string[] => (name === '' ? [`${path}: can not be empty`] : labelKeyMessages(name).map((message) => `${path}: ${message}`));

const isSorted = (points: readonly { readonly utilization: number }[]): boolean => points.every(({ utilization }, index) => index === 0 || utilization > (points[index - 1]?.utilization ?? 0));

/** What is wrong beyond the shape of the arguments, by plug-in (upstream's validation of plug-in arguments). */
const deeperFaults: Readonly<Record<string, (args: never, path: string) => string[]>> = {
  NodeAffinity: ({ addedAffinity }: { readonly addedAffinity?: unknown }, path) => (addedAffinity === undefined || addedAffinity === null ? [] : affinityFaults(addedAffinity, `${path}.addedAffinity`)),
  DefaultPreemption: ({ minCandidateNodesPercentage, minCandidateNodesAbsolute }: { readonly minCandidateNodesPercentage?: number | null; readonly minCandidateNodesAbsolute?: number | null }, path) =>
    (minCandidateNodesPercentage === 0 && minCandidateNodesAbsolute === 0 ? [`${path}.minCandidateNodesPercentage: cannot be zero at the same time as minCandidateNodesAbsolute`] : []),
  NodeResourcesBalancedAllocation: ({ resources: list }: { readonly resources?: readonly { readonly name: string; readonly weight?: number | null }[] | null }, path) => (list ?? []).flatMap(({ name, weight }, index) => [
    ...((list ?? []).findIndex((other) => other.name === name) < index ? [`${path}.resources[${index}].name: "${name}" is there twice`] : []),
    ...((weight ?? 0) > 1 ? [`${path}.resources[${index}].weight: must be 1`] : []),
  ]),
  NodeResourcesFit: ({ ignoredResources, ignoredResourceGroups }: { readonly ignoredResources?: readonly string[] | null; readonly ignoredResourceGroups?: readonly string[] | null }, path) => [
    ...(ignoredResources ?? []).flatMap((name, index) => nameFaults(name, `${path}.ignoredResources[${index}]`)),
    ...(ignoredResourceGroups ?? []).flatMap((name, index) => (name.includes('/') ? [`${path}.ignoredResourceGroups[${index}]: resource group name can't contain '/'`] : nameFaults(name, `${path}.ignoredResourceGroups[${index}]`))),
  ],
  PodTopologySpread: ({ defaultConstraints }: { readonly defaultConstraints?: readonly { readonly topologyKey: string; readonly whenUnsatisfiable: string }[] | null }, path) => (defaultConstraints ?? []).flatMap(({ topologyKey, whenUnsatisfiable }, index) => [
    ...nameFaults(topologyKey, `${path}.defaultConstraints[${index}].topologyKey`),
    ...((defaultConstraints ?? []).findIndex((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable) < index ? [`${path}.defaultConstraints[${index}]: {${topologyKey}, ${whenUnsatisfiable}} is there twice`] : []),
  ]),
  VolumeBinding: ({ shape: points }: { readonly shape?: readonly { readonly utilization: number }[] | null }, path) => {
    if (points === undefined || points === null) return [];
    if (points.length === 0) return [`${path}.shape: at least one point must be specified`];
    return isSorted(points) ? [] : [`${path}.shape: utilization values must be sorted in increasing order`];
  },
  DynamicResources: ({ filterTimeout, bindingTimeout }: DynamicResourcesArgs, path) => [
    ...((milliseconds(filterTimeout) ?? 0) < 0 ? [`${path}.filterTimeout: must be zero or positive`] : []),
    ...((milliseconds(bindingTimeout) ?? Infinity) < 1000 ? [`${path}.bindingTimeout: must be at least 1 second`] : []),
  ],
};

/** Durations in Go's notation. */
interface DynamicResourcesArgs {
  readonly filterTimeout?: string | null;
  readonly bindingTimeout?: string | null;
}

const milliseconds = (text: string | null | undefined): number | undefined => (text === undefined || text === null ? undefined : parseDuration(text));

/** Arguments as a plug-in takes them: those that were left out, or are null, have their defaults; durations are milliseconds. */
export function argumentsFor(name: string, args: object): object {
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
  if (name !== 'DynamicResources') return given;
  const { filterTimeout, bindingTimeout } = args as DynamicResourcesArgs;
  const [filterTimeoutMs, bindingTimeoutMs] = [milliseconds(filterTimeout), milliseconds(bindingTimeout)];
  return { ...(filterTimeoutMs === undefined ? {} : { filterTimeoutMs }), ...(bindingTimeoutMs === undefined ? {} : { bindingTimeoutMs }) };
}

/** Everything that is wrong with the arguments of a plug-in. */
export function argumentFaults(name: string, args: object, path: string): string[] {
  if (isRemote(args)) return faultsOf(args, remote, path);
  const known = Object.hasOwn(argumentsOf, name) ? argumentsOf[name] : undefined;
  if (known === undefined) return [`${path}: plug-in ${name} takes no arguments`];
  const faults = faultsOf(args, object({ apiVersion: oneOf(apiVersion), kind: oneOf(`${name}Args`), ...known }), path);
  if (faults.length > 0) return faults;
  faults.push(...deeperFaults[name]?.(args as never, path) ?? []);
  const { scoringStrategy, defaultingType, defaultConstraints } = args as { scoringStrategy?: { type?: string; requestedToCapacityRatio?: { shape?: { utilization: number }[] } }; defaultingType?: string; defaultConstraints?: unknown[] };
  const points = scoringStrategy?.requestedToCapacityRatio?.shape ?? [];
  if (scoringStrategy?.type === 'RequestedToCapacityRatio' && points.length === 0) faults.push(`${path}.scoringStrategy.requestedToCapacityRatio.shape: at least one point must be specified`);
  if (!isSorted(points)) faults.push(`${path}.scoringStrategy.requestedToCapacityRatio.shape: utilization values must be sorted in increasing order`);
  if (defaultingType !== 'List' && (defaultConstraints ?? []).length > 0) faults.push(`${path}.defaultingType: when .defaultConstraints are not empty, must be "List"`);
  return faults;
}
