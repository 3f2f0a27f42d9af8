import { extensionPoints, type ExtensionPoint } from '@navarch/scheduling';
import { anything, duration, flag, integer, listOf, object, oneOf, text } from './shape';

/** A plug-in that a configuration turns on or off; `*` as a name means all. */
export interface PluginChoice {
  readonly name: string;
  readonly weight?: number;
}

export interface PluginSet {
  readonly enabled?: readonly PluginChoice[];
  readonly disabled?: readonly PluginChoice[];
}

export interface ProfileConfiguration {
  readonly schedulerName?: string;
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: Partial<Readonly<Record<ExtensionPoint | 'multiPoint', PluginSet>>>;
  readonly pluginConfig?: readonly { readonly name: string; readonly args?: Readonly<Record<string, unknown>> }[];
}

export interface ExtenderConfiguration {
  readonly urlPrefix: string;
  readonly filterVerb?: string;
  readonly prioritizeVerb?: string;
  readonly preemptVerb?: string;
  readonly bindVerb?: string;
  readonly weight?: number;
  readonly enableHTTPS?: boolean;
  readonly tlsConfig?: { readonly insecure?: boolean; readonly serverName?: string; readonly certFile?: string; readonly keyFile?: string; readonly caFile?: string; readonly certData?: string; readonly keyData?: string; readonly caData?: string };
  readonly httpTimeout?: string;
  readonly nodeCacheCapable?: boolean;
  readonly managedResources?: readonly { readonly name: string; readonly ignoredByScheduler?: boolean }[];
  readonly ignorable?: boolean;
}

/** Upstream's KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1). */
export interface SchedulerConfiguration {
  readonly parallelism?: number;
  readonly percentageOfNodesToScore?: number;
  readonly podInitialBackoffSeconds?: number;
  readonly podMaxBackoffSeconds?: number;
  readonly leaderElection?: { readonly leaderElect?: boolean; readonly leaseDuration?: string; readonly renewDeadline?: string; readonly retryPeriod?: string; readonly resourceName?: string; readonly resourceNamespace?: string };
  readonly clientConnection?: Readonly<Record<string, unknown>>;
  readonly enableProfiling?: boolean;
  readonly enableContentionProfiling?: boolean;
  readonly delayCacheUntilActive?: boolean;
  readonly profiles?: readonly ProfileConfiguration[];
  readonly extenders?: readonly ExtenderConfiguration[];
}

export const apiVersion = 'kubescheduler.config.k8s.io/v1';

// As wide as upstream's int32, so that no sum of scores can overflow.
const choices = listOf(object({ name: text, weight: integer(0, 2 ** 31 - 1) }, 'name'));
const pluginSet = object({ enabled: choices, disabled: choices });

const profile = object({
  schedulerName: text,
  percentageOfNodesToScore: integer(0, 100),
  plugins: object(Object.fromEntries([...extensionPoints, 'multiPoint'].map((point) => [point, pluginSet]))),
  pluginConfig: listOf(object({ name: text, args: anything }, 'name')),
});

const extender = object({
  urlPrefix: text, filterVerb: text, prioritizeVerb: text, preemptVerb: text, bindVerb: text, weight: integer(), enableHTTPS: flag, httpTimeout: duration, nodeCacheCapable: flag, ignorable: flag,
  tlsConfig: object({ insecure: flag, serverName: text, certFile: text, keyFile: text, caFile: text, certData: text, keyData: text, caData: text }),
  managedResources: listOf(object({ name: text, ignoredByScheduler: flag }, 'name')),
}, 'urlPrefix');

export const configurationShape = object({
  apiVersion: oneOf(apiVersion),
  kind: oneOf('KubeSchedulerConfiguration'),
  parallelism: integer(1),
  percentageOfNodesToScore: integer(0, 100),
  podInitialBackoffSeconds: integer(1),
  podMaxBackoffSeconds: integer(1),
  leaderElection: object({ leaderElect: flag, leaseDuration: duration, renewDeadline: duration, retryPeriod: duration, resourceLock: oneOf('leases'), resourceName: text, resourceNamespace: text }),
  // How to reach the server is said by flags; these are read and left alone.
  clientConnection: object({ kubeconfig: text, acceptContentTypes: text, contentType: text, qps: anything, burst: integer(0) }),
  enableProfiling: flag, enableContentionProfiling: flag, delayCacheUntilActive: flag,
  profiles: listOf(profile),
  extenders: listOf(extender),
}, 'apiVersion', 'kind');
