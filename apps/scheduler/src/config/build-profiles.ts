import { defaultPlugins, extendsPoint, extensionPoints, makePlugin, profileOf, type ExtensionPoint, type Profile, type SchedulerPlugin, type WeightedPlugin } from '@navarch/scheduling';
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
  const { profiles = [], extenders = [], percentageOfNodesToScore = 0 } = configuration;
  const ignored = extenders.flatMap(({ managedResources = [] }) => managedResources.filter(({ ignoredByScheduler }) => ignoredByScheduler === true).map(({ name }) => name));
  return (profiles.length === 0 ? [{}] : profiles).map((profile) => buildProfile({ schedulerName: defaultName, percentageOfNodesToScore, ...profile }, factories, ignored));
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
    // Upstream's frameworkImpl.getScoreWeights: who is named without a weight has 1, be it a default plug-in.
    return [{ plugin, weight: weight === 0 ? 1 : weight }];
  };
  const oncePerName = (choices: readonly PluginChoice[]): readonly PluginChoice[] => choices.filter(({ name }, index) => {
    const isFirst = choices.findIndex((other) => other.name === name) === index;
    if (!isFirst) faults.push(`profile "${schedulerName}": plugin "${name}" already registered`);
    return isFirst;
  });

  const everywhere = merge(defaultPlugins, { ...plugins.multiPoint, enabled: oncePerName(plugins.multiPoint?.enabled ?? []) }).flatMap(make);
  const at = (point: ExtensionPoint): WeightedPlugin[] => {
    const { enabled = [], disabled = [] } = plugins[point] ?? {};
    const specific = oncePerName(enabled).flatMap(make);
    // Upstream's updatePluginList. Where those in other processes take part they say themselves, later.
    for (const { plugin: { name } } of specific) if (!extendsPoint(name, point)) faults.push(`profile "${schedulerName}": plugin "${name}" does not extend ${typeOf(point)} plugin`);
    const staying = everywhere.filter(({ plugin: { name } }) => !disabled.some((off) => off.name === name || off.name === '*'));
    return inOrder(specific, staying);
  };
  const profile = pointsOf(schedulerName, at, percentageOfNodesToScore);
  if (profile.queueSort.length !== 1) faults.push(`profile "${schedulerName}": only one queue sort plugin required for profile, but got ${profile.queueSort.length}`);
  const binds = at('bind').some(({ plugin: { name } }) => name === 'DefaultBinder') || factories.extenders.some((extender) => extender.bind !== undefined);
  if (!binds) faults.push(`profile "${schedulerName}": at least one bind plugin is needed`);
  if (faults.length > 0) throw new ConfigurationError('scheduler configuration', [...new Set(faults)]);
  return { profile, externals: [...remotes.values(), ...factories.extenders] };
}

/** What upstream calls the interface of a point. */
const typeOf = (point: ExtensionPoint): string => `${point.charAt(0).toUpperCase()}${point.slice(1)}Plugin`;

/** First those of everywhere that this point names, as it names them; then the others of everywhere; last those that are here alone (upstream's expandMultiPointPlugins). */
function inOrder(specific: readonly WeightedPlugin[], everywhere: readonly WeightedPlugin[]): WeightedPlugin[] {
  const among = (list: readonly WeightedPlugin[]) => ({ plugin: { name } }: WeightedPlugin): boolean => list.some(({ plugin }) => plugin.name === name);
  const [isNamed, isEverywhere] = [among(specific), among(everywhere)];
  return [...specific.filter(isEverywhere), ...everywhere.filter((entry) => !isNamed(entry)), ...specific.filter((entry) => !isEverywhere(entry))];
}

/** Each point asks those enabled there that implement it. PreFilter and PreScore prepare Filter and Score, no more: who is on there prepares too, for most of upstream's need no such step. */
function pointsOf(schedulerName: string, at: (point: ExtensionPoint) => WeightedPlugin[], percentage: number): Profile {
  const byPoint = Object.fromEntries(extensionPoints.map((point) => [point, profileOf(schedulerName, at(point), percentage)])) as Record<ExtensionPoint, Profile>;
  return {
    schedulerName, percentageOfNodesToScore: percentage,
    preEnqueue: byPoint.preEnqueue.preEnqueue, queueSort: byPoint.queueSort.queueSort, filter: byPoint.filter.filter, postFilter: byPoint.postFilter.postFilter,
    score: byPoint.score.score, reserve: byPoint.reserve.reserve, permit: byPoint.permit.permit, preBind: byPoint.preBind.preBind, postBind: byPoint.postBind.postBind,
  };
}

/** The defaults without those turned off, and what is turned on besides; a default that is named keeps its place. */
export function merge(defaults: readonly PluginChoice[], { enabled = [], disabled = [] }: PluginSet = {}): PluginChoice[] {
  const isOff = (name: string): boolean => disabled.some((off) => off.name === name || off.name === '*');
  const kept = defaults.filter(({ name }) => !isOff(name)).map((entry) => enabled.find(({ name }) => name === entry.name) ?? entry);
  return [...kept, ...enabled.filter(({ name }) => !kept.some((entry) => entry.name === name))];
}
