import { place, rankFeasible, searchNodes, type ClusterState, type CycleObserver, type NodeInfo, type Placement, type PluginScores, type PodInfo, type Profile, type SchedulerPlugin, type Search } from '@navarch/scheduling';
import type { Logger } from '@navarch/component-base';
import { ExternalPluginError, type ExternalPlugin } from './external-plugin';

export interface ExternalDecision {
  readonly profile: Profile;
  readonly externals: readonly ExternalPlugin[];
  readonly startIndex: number;
  readonly random: () => number;
  readonly observer?: CycleObserver;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** As `schedulePod`, with the plug-ins in other processes asked after those in this one: filters first, then scores. What they say of the pod alone goes before all nodes. */
export async function decideWithExternals(pod: PodInfo, state: ClusterState, decision: ExternalDecision): Promise<Placement> {
  const { restrictions, filters } = await preFilterWith(pod, decision);
  const profile = restrictions.length === 0 ? decision.profile : { ...decision.profile, filter: [...decision.profile.filter, ...restrictions] };
  const othersChoose = decision.externals.some(({ filter, score }) => filter !== undefined || score !== undefined);
  const find = async (triesNominated: boolean): Promise<Search> => {
    const search = searchNodes(pod, state, profile, decision.startIndex, { observer: decision.observer, triesNominated, othersChoose });
    const filter = (): Promise<Search> => filterWith(pod, state, search, { ...decision, externals: filters });
    if (search.isNominated !== true) return search.diagnosis === undefined ? filter() : search;
    const found = search.diagnosis === undefined ? await orNothing(filter, decision.log) : search;
    // Where room is kept for the pod it cannot be after all: then all others come into question (upstream's evaluateNominatedNode).
    return found === undefined || found.diagnosis !== undefined ? find(false) : found;
  };
  const filtered = await find(true);
  if (filtered.diagnosis !== undefined) return { kind: 'refused', diagnosis: filtered.diagnosis, search: filtered };
  const scores = filtered.feasible.length === 1 ? [] : await scoresOf(pod, filtered.feasible, decision);
  return place(filtered, rankFeasible(pod, state, decision.profile, filtered, scores, decision.observer), decision.random);
}

/** A failure of a plug-in that may be ignored is logged; any other ends the attempt. */
async function ask<T>(external: Pick<ExternalPlugin, 'name' | 'ignorable'>, log: Logger, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!external.ignorable) throw new ExternalPluginError(external.name, error);
    log.warn({ plugin: external.name, err: error }, 'a plug-in in another process failed and is ignored');
    return undefined;
  }
}

/** A failure where room is kept for the pod says nothing of other nodes. */
async function orNothing(search: () => Promise<Search>, log: Logger): Promise<Search | undefined> {
  try {
    return await search();
  } catch (error) {
    log.warn({ err: error }, 'the nominated node could not be looked at; all nodes come into question');
    return undefined;
  }
}

/** What was said of the pod, as plug-ins in this process that say it again, and whose filters are to be asked. */
async function preFilterWith(pod: PodInfo, { externals, signal, log }: ExternalDecision): Promise<{ readonly restrictions: readonly SchedulerPlugin[]; readonly filters: readonly ExternalPlugin[] }> {
  const restrictions: SchedulerPlugin[] = [];
  const filters: ExternalPlugin[] = [];
  for (const external of externals) {
    const answer = await ask(external, log, () => external.preFilter?.(pod, signal) ?? Promise.resolve(undefined));
    if (answer !== undefined && ('refused' in answer || answer.nodes !== undefined)) restrictions.push({ name: external.name, preFilter: () => answer });
    if (answer === undefined || 'refused' in answer || !answer.skip) filters.push(external);
  }
  return { restrictions, filters };
}

async function filterWith(pod: PodInfo, state: ClusterState, search: Search, { externals, signal, log }: ExternalDecision): Promise<Search> {
  let feasible: readonly NodeInfo[] = search.feasible;
  const refusals = [...search.refusals];
  for (const external of externals) {
    if (external.filter === undefined || feasible.length === 0) continue;
    const answer = await ask(external, log, () => external.filter?.(pod, feasible, signal) ?? Promise.resolve(undefined));
    if (answer === undefined) continue;
    feasible = answer.feasible;
    refusals.push(...answer.refusals);
  }
  // Nodes may have gone while others were asked.
  feasible = feasible.filter((node) => state.node(node.name) === node);
  if (feasible.length > 0) return { ...search, feasible, refusals };
  return { ...search, feasible, refusals, diagnosis: { nodes: state.nodes.length, refusals, refusedBy: [...new Set(refusals.map(({ plugin }) => plugin))] } };
}

async function scoresOf(pod: PodInfo, nodes: readonly NodeInfo[], { externals, signal, log }: ExternalDecision): Promise<readonly PluginScores[]> {
  const asked = externals.filter((external) => external.score !== undefined);
  // A score that is missing only makes the choice poorer, so that no plug-in can stop pods here.
  const answers = await Promise.all(asked.map((external) => ask({ name: external.name, ignorable: true }, log, () => external.score?.(pod, nodes, signal) ?? Promise.resolve(undefined))));
  return asked.flatMap(({ name, weight }, index) => {
    const scores = answers[index];
    return scores === undefined ? [] : [{ plugin: name, weight, scores }];
  });
}
