import type { SchedulerPlugin } from '../framework';

export interface WeightedPlugin {
  readonly plugin: SchedulerPlugin;
  /** Factor of its score. */
  readonly weight: number;
}

/**
 * Upstream's names of the points at which plug-ins are asked, as a configuration enables them. At the last two, which place a whole group by topology
 * (behind a gate that is off in 1.36), none takes part here: a file that upstream wrote names them all the same.
 */
export const extensionPoints = [
  'preEnqueue', 'queueSort', 'preFilter', 'filter', 'postFilter', 'preScore', 'score', 'reserve', 'permit', 'preBind', 'bind', 'postBind', 'placementGenerate', 'placementScore',
] as const;
export type ExtensionPoint = (typeof extensionPoints)[number];

/** The plug-ins of a profile at each point, in the order in which they are asked. */
export interface Profile {
  readonly schedulerName: string;
  readonly preEnqueue: readonly SchedulerPlugin[];
  readonly queueSort: readonly SchedulerPlugin[];
  readonly filter: readonly SchedulerPlugin[];
  readonly postFilter: readonly SchedulerPlugin[];
  readonly score: readonly WeightedPlugin[];
  readonly reserve: readonly SchedulerPlugin[];
  readonly permit: readonly SchedulerPlugin[];
  readonly preBind: readonly SchedulerPlugin[];
  readonly postBind: readonly SchedulerPlugin[];
  /** Of large clusters this part is searched; 0: upstream's adaptive share. */
  readonly percentageOfNodesToScore: number;
}

/** Takes part in all points that the plug-ins implement. */
export function profileOf(schedulerName: string, plugins: readonly WeightedPlugin[], percentageOfNodesToScore = 0): Profile {
  const having = (...methods: (keyof SchedulerPlugin)[]): SchedulerPlugin[] => plugins.map(({ plugin }) => plugin).filter((plugin) => methods.some((method) => plugin[method] !== undefined));
  return {
    schedulerName, percentageOfNodesToScore,
    preEnqueue: having('preEnqueue'), queueSort: having('compare'), filter: having('preFilter'), postFilter: having('postFilter'),
    score: plugins.filter(({ plugin, weight }) => plugin.preScore !== undefined && weight > 0),
    reserve: having('reserve', 'unreserve'), permit: having('permit'), preBind: having('preBind'), postBind: having('postBind'),
  };
}

/** Every plug-in of a profile, once. */
export function pluginsOf(profile: Profile): readonly SchedulerPlugin[] {
  const { preEnqueue, queueSort, filter, postFilter, score, reserve, permit, preBind, postBind } = profile;
  return [...new Set([preEnqueue, queueSort, filter, postFilter, score.map(({ plugin }) => plugin), reserve, permit, preBind, postBind].flat())];
}
