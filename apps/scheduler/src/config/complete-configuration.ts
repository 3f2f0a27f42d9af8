import { formatDuration } from '@navarch/apimachinery';
import type { Config } from '@navarch/component-base';
import { defaultPlugins, extensionPoints, type ExtensionPoint } from '@navarch/scheduling';
import { stringify } from 'yaml';
import type { flags } from '../config';
import { merge } from './build-profiles';
import { isRemote } from './plugin-args';
import { apiVersion, type PluginSet, type ProfileConfiguration, type SchedulerConfiguration } from './scheduler-configuration';

type Arguments = Readonly<Record<string, unknown>>;
type Resources = readonly { readonly name: string; readonly weight?: number }[];

const processorAndMemory: Resources = [{ name: 'cpu', weight: 1 }, { name: 'memory', weight: 1 }];

/** What upstream's defaults.go gives the plug-ins that take arguments. */
const defaultArguments: Readonly<Record<string, Arguments>> = {
  DefaultPreemption: { minCandidateNodesAbsolute: 100, minCandidateNodesPercentage: 10 },
  DynamicResources: { bindingTimeout: '10m0s', filterTimeout: '10s' },
  GangScheduling: { timeoutSeconds: 300 },
  InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
  NodeAffinity: {},
  NodeResourcesBalancedAllocation: { resources: processorAndMemory },
  NodeResourcesFit: { scoringStrategy: { resources: processorAndMemory, type: 'LeastAllocated' } },
  PodTopologySpread: { defaultingType: 'System' },
  VolumeBinding: { bindTimeoutSeconds: 600 },
};

/** A configuration with all that it leaves to defaults and to flags, as upstream's LogOrWriteConfig writes it: read again it says the same. */
export function completeConfiguration(configuration: SchedulerConfiguration, config: Config<typeof flags>): string {
  const { profiles = [], extenders, clientConnection, enableProfiling = config.profiling, delayCacheUntilActive, ...rest } = configuration;
  const time = (ms: number): string => formatDuration(ms * 1e6);
  const complete = {
    apiVersion, kind: 'KubeSchedulerConfiguration',
    parallelism: 16, percentageOfNodesToScore: 0, podInitialBackoffSeconds: 1, podMaxBackoffSeconds: 10,
    enableContentionProfiling: enableProfiling && config.contentionProfiling,
    ...rest,
    enableProfiling,
    ...(delayCacheUntilActive === true ? { delayCacheUntilActive } : {}),
    clientConnection: {
      acceptContentTypes: '', burst: config.kubeApiBurst ?? 100, contentType: config.kubeApiContentType ?? 'application/vnd.kubernetes.protobuf', kubeconfig: config.kubeconfig ?? '', qps: config.kubeApiQps ?? 50, ...clientConnection,
    },
    leaderElection: {
      leaderElect: config.leaderElect, leaseDuration: time(config.leaderElectLeaseDuration), renewDeadline: time(config.leaderElectRenewDeadline), retryPeriod: time(config.leaderElectRetryPeriod),
      resourceLock: 'leases', resourceName: config.leaderElectResourceName, resourceNamespace: config.leaderElectResourceNamespace,
    },
    ...(extenders === undefined ? {} : { extenders }),
    profiles: (profiles.length === 0 ? [{}] : profiles).map((profile) => completeProfile({ schedulerName: config.schedulerName, ...profile })),
  };
  return stringify(complete, { sortMapEntries: true, indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false });
}

function completeProfile({ plugins = {}, pluginConfig = [], ...rest }: ProfileConfiguration): ProfileConfiguration {
  const multiPoint: PluginSet = { ...plugins.multiPoint, enabled: merge(defaultPlugins, plugins.multiPoint).map(({ name, weight = 0 }) => (weight === 0 ? { name } : { name, weight })) };
  const points = Object.fromEntries(extensionPoints.map((point) => [point, plugins[point] ?? {}])) as Record<ExtensionPoint, PluginSet>;
  const named = new Set([multiPoint, ...Object.values(points)].flatMap(({ enabled = [] }) => enabled.map(({ name }) => name)));
  const argsOf = new Map([...named].flatMap((name) => (Object.hasOwn(defaultArguments, name) ? [[name, defaultArguments[name]]] : [])));
  for (const { name, args = {} } of pluginConfig) argsOf.set(name, args);
  return {
    ...rest,
    plugins: { multiPoint, ...points },
    pluginConfig: [...argsOf].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, args = {}]) => ({ name, args: completeArguments(name, args) })),
  };
}

function completeArguments(name: string, given: Arguments): Arguments {
  if (isRemote(given) || !Object.hasOwn(defaultArguments, name)) return given;
  const args: Arguments & { readonly resources?: Resources; readonly scoringStrategy?: { readonly resources?: Resources } } = { ...defaultArguments[name], ...given, apiVersion, kind: `${name}Args` };
  const { resources, scoringStrategy } = args;
  return { ...args, ...(resources === undefined ? {} : { resources: weighed(resources) }), ...(scoringStrategy === undefined ? {} : { scoringStrategy: { ...scoringStrategy, resources: weighed(scoringStrategy.resources ?? []) } }) };
}

/** None stands for the default ones, no weight for 1. */
const weighed = (resources: Resources): Resources => (resources.length === 0 ? processorAndMemory : resources.map(({ name, weight = 0 }) => ({ name, weight: weight === 0 ? 1 : weight })));
