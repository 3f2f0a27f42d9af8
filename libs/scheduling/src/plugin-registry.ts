import type { PluginTools, SchedulerPlugin } from './framework';
import { profileOf, type Profile, type WeightedPlugin } from './cycle/profile';
import { balancedAllocation } from './plugins/balanced-allocation';
import { defaultPreemption } from './plugins/default-preemption';
import { dynamicResources } from './plugins/dynamic-resources';
import { gangScheduling } from './plugins/gang-scheduling';
import { imageLocality } from './plugins/image-locality';
import { interPodAffinity } from './plugins/inter-pod-affinity';
import { nodeAffinity } from './plugins/node-affinity';
import { nodeDeclaredFeatures } from './plugins/node-declared-features';
import { nodeName } from './plugins/node-name';
import { nodePorts } from './plugins/node-ports';
import { nodeResourcesFit } from './plugins/node-resources-fit';
import { nodeUnschedulable } from './plugins/node-unschedulable';
import { nodeVolumeLimits } from './plugins/node-volume-limits';
import { podTopologySpread } from './plugins/pod-topology-spread';
import { prioritySort } from './plugins/priority-sort';
import { schedulingGates } from './plugins/scheduling-gates';
import { taintToleration } from './plugins/taint-toleration';
import { volumeBinding } from './plugins/volume-binding';
import { volumeRestrictions } from './plugins/volume-restrictions';
import { volumeZone } from './plugins/volume-zone';

/** Makes a plug-in from the arguments that a configuration gives it. */
type PluginFactory = (args: never, tools: PluginTools) => SchedulerPlugin;

/** Every plug-in by its name. */
export const pluginRegistry: Readonly<Record<string, PluginFactory>> = {
  SchedulingGates: () => schedulingGates,
  PrioritySort: () => prioritySort,
  NodeUnschedulable: () => nodeUnschedulable,
  NodeName: () => nodeName,
  TaintToleration: () => taintToleration,
  NodeAffinity: nodeAffinity,
  NodePorts: () => nodePorts,
  NodeResourcesFit: nodeResourcesFit,
  VolumeRestrictions: () => volumeRestrictions,
  NodeVolumeLimits: () => nodeVolumeLimits,
  VolumeBinding: volumeBinding,
  VolumeZone: () => volumeZone,
  PodTopologySpread: podTopologySpread,
  InterPodAffinity: interPodAffinity,
  DynamicResources: dynamicResources,
  DefaultPreemption: defaultPreemption,
  NodeResourcesBalancedAllocation: balancedAllocation,
  ImageLocality: () => imageLocality,
  NodeDeclaredFeatures: () => nodeDeclaredFeatures,
  // The scheduler binds itself; a configuration may leave that to an extender.
  DefaultBinder: () => ({ name: 'DefaultBinder' }),
  GangScheduling: gangScheduling,
};

/** Enabled unless a configuration says otherwise, in this order, with upstream's weights. */
export const defaultPlugins: readonly { readonly name: string; readonly weight: number }[] = [
  { name: 'SchedulingGates', weight: 0 },
  { name: 'PrioritySort', weight: 0 },
  { name: 'NodeUnschedulable', weight: 0 },
  { name: 'NodeName', weight: 0 },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts', weight: 0 },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'VolumeRestrictions', weight: 0 },
  { name: 'NodeVolumeLimits', weight: 0 },
  { name: 'VolumeBinding', weight: 1 },
  { name: 'VolumeZone', weight: 0 },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  { name: 'DynamicResources', weight: 2 },
  { name: 'DefaultPreemption', weight: 0 },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'NodeDeclaredFeatures', weight: 0 },
  { name: 'DefaultBinder', weight: 0 },
];

/** A plug-in by its name; undefined if there is none. */
export function makePlugin(name: string, args: object = {}, tools: PluginTools = {}): SchedulerPlugin | undefined {
  return Object.hasOwn(pluginRegistry, name) ? pluginRegistry[name]?.(args as never, tools) : undefined;
}

/** The profile of a scheduler without a configuration. */
export function defaultProfile(schedulerName = 'default-scheduler'): Profile {
  const plugins = defaultPlugins.map(({ name, weight }): WeightedPlugin => ({ plugin: makePlugin(name) as SchedulerPlugin, weight }));
  return profileOf(schedulerName, plugins);
}
