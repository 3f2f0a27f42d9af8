import { defaultPlugins, extensionPoints, makePlugin, profileOf, type ExtensionPoint, type Profile, type SchedulerPlugin, type WeightedPlugin } from '@navarch/scheduling';
import type { ExternalPlugin } from '../external/external-plugin';
import type { SchedulerProfile } from '../profiles';
import { ConfigurationError } from './load-configuration';
import { argumentsFor, isRemote, type RemotePluginArgs } from './plugin-args';
import type { PluginChoice, PluginSet, ProfileConfiguration, SchedulerConfiguration } from './scheduler-configuration';

/** Makes the parts of a profile that live in other processes. */
export interface ExternalFactories {
  readonly remote: (name: string, args: RemotePluginArgs, weight: number) => ExternalPlugin;
  /** Asked for every profile. */
  readonly extenders: readonly ExternalPlugin[];
}

/** The profiles that a configuration describes; without any, the default one. */
export function buildProfiles(configuration: SchedulerConfiguration, factories: ExternalFactories, defaultName: string): SchedulerProfile[] {
  const { profiles = [{}], extenders = [], percentageOfNodesToScore = 0 } = configuration;
  const ignored = extenders.flatMap(({ managedResources = [] }) => managedResources.filter(({ ignoredByScheduler }) => ignoredByScheduler === true).map(({ name }) => name));
  return profiles.map((profile) => buildProfile({ schedulerName: defaultName, percentageOfNodesToScore, ...profile }, factories, ignored));
}

function buildProfile(configuration: ProfileConfiguration & { schedulerName: string }, factories: ExternalFactories, ignoredResources: readonly string[]): SchedulerProfile {
  const { schedulerName, plugins = {}, pluginConfig = [], percentageOfNodesToScore = 0 } = configuration;
  const argsOf = new Map(pluginConfig.map(({ name, args }) => [name, args ?? {}]));
  const fit = argsOf.get('NodeResourcesFit') as { ignoredResources?: string[] } | undefined;
  if (ignoredResources.length > 0) argsOf.set('NodeResourcesFit', { ...fit, ignoredResources: [...(fit?.ignoredResources ?? []), ...ignoredResources] });

  const made = new Map<string, SchedulerPlugin>();
  const remotes = new Map<string, ExternalPlugin>();
  const faults: string[] = [];
  const make = ({ name, weight = 0 }: PluginChoice): WeightedPlugin[] => {
    const args = argsOf.get(name);
    if (isRemote(args)) {
      remotes.set(name, factories.remote(name, args, weight === 0 ? 1 : weight));
      return [];
    }
    const plugin = made.get(name) ?? makePlugin(name, args && argumentsFor(name, args), { monotonic: () => performance.now() });
    if (plugin === undefined) {
      faults.push(`profile "${schedulerName}": there is no plug-in "${name}"`);
      return [];
    }
    made.set(name, plugin);
    return [{ plugin, weight: weight === 0 ? defaultWeight(name) : weight }];
  };

  const everywhere = merge(defaultPlugins, plugins.multiPoint).flatMap(make);
  const at = (point: ExtensionPoint): WeightedPlugin[] => {
    const chosen = plugins[point];
    const specific = (chosen?.enabled ?? []).flatMap(make);
    const isOff = ({ plugin: { name } }: WeightedPlugin): boolean => chosen?.disabled?.some((off) => off.name === name || off.name === '*') === true;
    const rest = everywhere.filter((entry) => !isOff(entry) && !specific.some(({ plugin }) => plugin.name === entry.plugin.name));
    return [...specific, ...rest];
  };
  const profile = pointsOf(schedulerName, at, percentageOfNodesToScore);
  if (profile.queueSort.length !== 1) faults.push(`profile "${schedulerName}": only one queue sort plugin required for profile, but got ${profile.queueSort.length}`);
  const binds = at('bind').some(({ plugin: { name } }) => name === 'DefaultBinder') || factories.extenders.some((extender) => extender.bind !== undefined);
  if (!binds) faults.push(`profile "${schedulerName}": at least one bind plugin is needed`);
  if (faults.length > 0) throw new ConfigurationError('scheduler configuration', [...new Set(faults)]);
  return { profile, externals: [...remotes.values(), ...factories.extenders] };
}

const defaultWeight = (name: string): number => defaultPlugins.find((entry) => entry.name === name)?.weight ?? 1;

/** Each point asks those enabled there that implement it. */
function pointsOf(schedulerName: string, at: (point: ExtensionPoint) => WeightedPlugin[], percentage: number): Profile {
  const byPoint = Object.fromEntries(extensionPoints.map((point) => [point, profileOf(schedulerName, at(point), percentage)])) as Record<ExtensionPoint, Profile>;
  const { filter, score } = { filter: byPoint.filter.filter, score: byPoint.score.score };
  // A plug-in whose PreFilter, or PreScore, is off is off.
  const isIn = (plugins: readonly SchedulerPlugin[]) => (plugin: SchedulerPlugin) => plugins.includes(plugin);
  const preScore = byPoint.preScore.score.map(({ plugin }) => plugin);
  return {
    schedulerName, percentageOfNodesToScore: percentage,
    preEnqueue: byPoint.preEnqueue.preEnqueue, queueSort: byPoint.queueSort.queueSort, filter: filter.filter(isIn(byPoint.preFilter.filter)), postFilter: byPoint.postFilter.postFilter,
    score: score.filter(({ plugin }) => isIn(preScore)(plugin)), reserve: byPoint.reserve.reserve, permit: byPoint.permit.permit, preBind: byPoint.preBind.preBind, postBind: byPoint.postBind.postBind,
  };
}

/** The defaults without those turned off, and what is turned on besides; a default that is named keeps its place. */
function merge(defaults: readonly PluginChoice[], { enabled = [], disabled = [] }: PluginSet = {}): PluginChoice[] {
  const isOff = (name: string): boolean => disabled.some((off) => off.name === name || off.name === '*');
  const kept = defaults.filter(({ name }) => !isOff(name)).map((entry) => enabled.find(({ name }) => name === entry.name) ?? entry);
  return [...kept, ...enabled.filter(({ name }) => !kept.some((entry) => entry.name === name))];
}
