import { anything, duration, flag, faultsOf, integer, listOf, object, oneOf, text, type Shape } from './shape';
import { apiVersion } from './scheduler-configuration';

const resources = listOf(object({ name: text, weight: integer(1, 100) }, 'name'));
const shape = listOf(object({ utilization: integer(0, 100), score: integer(0, 10) }, 'utilization', 'score'));
const constraint = object({ maxSkew: integer(1), topologyKey: text, whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway') }, 'maxSkew', 'topologyKey', 'whenUnsatisfiable');

/** The arguments of each plug-in that takes some. */
const argumentsOf: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  DefaultPreemption: { minCandidateNodesPercentage: integer(0, 100), minCandidateNodesAbsolute: integer(0) },
  InterPodAffinity: { hardPodAffinityWeight: integer(0, 100), ignorePreferredTermsOfExistingPods: flag },
  NodeAffinity: { addedAffinity: anything },
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
export const remoteApiVersion = 'scheduling.navarch.io/v1';
const remote = object({
  apiVersion: oneOf(remoteApiVersion), kind: oneOf('RemotePluginArgs'), address: text, timeout: duration, failurePolicy: oneOf('Fail', 'Ignore'),
  tls: object({ caFile: text, certFile: text, keyFile: text, serverName: text }, 'caFile', 'certFile', 'keyFile'),
}, 'address');

export interface RemotePluginArgs {
  readonly address: string;
  readonly timeout?: string;
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string; readonly serverName?: string };
}

export function isRemote(args: object | undefined): args is RemotePluginArgs {
  return (args as { readonly kind?: unknown } | undefined)?.kind === 'RemotePluginArgs';
}

/** Everything that is wrong with the arguments of a plug-in. */
export function argumentFaults(name: string, args: object, path: string): string[] {
  if (isRemote(args)) return faultsOf(args, remote, path);
  const known = Object.hasOwn(argumentsOf, name) ? argumentsOf[name] : undefined;
  if (known === undefined) return [`${path}: plug-in ${name} takes no arguments`];
  const faults = faultsOf(args, object({ apiVersion: oneOf(apiVersion), kind: oneOf(`${name}Args`), ...known }), path);
  if (faults.length > 0) return faults;
  const { scoringStrategy, defaultingType, defaultConstraints } = args as { scoringStrategy?: { type?: string; requestedToCapacityRatio?: { shape?: { utilization: number }[] } }; defaultingType?: string; defaultConstraints?: unknown[] };
  const points = scoringStrategy?.requestedToCapacityRatio?.shape ?? [];
  if (scoringStrategy?.type === 'RequestedToCapacityRatio' && points.length === 0) faults.push(`${path}.scoringStrategy.requestedToCapacityRatio.shape: at least one point must be specified`);
  if (points.some(({ utilization }, index) => index > 0 && utilization <= (points[index - 1]?.utilization ?? 0))) faults.push(`${path}.scoringStrategy.requestedToCapacityRatio.shape: utilization values must be sorted in increasing order`);
  if (defaultingType !== 'List' && (defaultConstraints ?? []).length > 0) faults.push(`${path}.defaultingType: when .defaultConstraints are not empty, must be "List"`);
  return faults;
}
