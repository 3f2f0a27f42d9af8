import type { NodeFilter, Refusal, SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { observed, type CycleObserver, type PointStatus } from './cycle-observer';
import type { Diagnosis, NodeRefusal } from './diagnosis';
import type { Profile } from './profile';
import type { FlushReason, Hint, RestOfRanking } from './score-reuse';

/** At least this many feasible nodes are looked for before scoring. */
const minFeasibleNodes = 100;
const minPercentage = 5;

/** Of large clusters only a part is searched: enough nodes to choose from (upstream's numFeasibleNodesToFind). */
export function feasibleNodesToFind(nodes: number, percentage = 0): number {
  if (nodes < minFeasibleNodes || percentage >= 100) return nodes;
  const share = percentage > 0 ? percentage : Math.max(50 - Math.trunc(nodes / 125), minPercentage);
  return Math.max(Math.trunc((nodes * share) / 100), minFeasibleNodes);
}

interface Asked {
  readonly name: string;
  readonly filter: NodeFilter;
}

interface Prepared {
  readonly filters: readonly Asked[];
  readonly nodes: ReadonlySet<string> | undefined;
  /** The plug-ins that named `nodes`, sorted. */
  readonly namedBy: readonly string[];
}

interface PreFilterFailure {
  /** Those of which something must change; who refused is the last of them. */
  readonly by: readonly string[];
  readonly refused: string;
  readonly unresolvable: boolean;
}

/** Nodes that pass, or why none does. */
export interface Search {
  readonly feasible: readonly NodeInfo[];
  readonly refusals: readonly NodeRefusal[];
  readonly diagnosis: Diagnosis | undefined;
  /** How many nodes were looked at, for the next start index. */
  readonly examined: number;
  /** The only node is where room is kept for the pod: no other was looked at. */
  readonly isNominated?: true;
  /** The only node came from what the cycle before found; what that leaves. */
  readonly rest?: RestOfRanking;
}

/** Asks what the cycle before found; `fits` says whether a node takes the pod now. */
type AskLast = (fits: (node: NodeInfo) => boolean) => Hint | FlushReason;

export interface SearchOptions {
  readonly observer?: CycleObserver | undefined;
  readonly last?: AskLast | undefined;
  /** Whether the node where room is kept for the pod comes before all others; yes unless it is said. */
  readonly triesNominated?: boolean;
  /** Somebody beside the profile's plug-ins refuses some of the nodes, or chooses among them. */
  readonly othersChoose?: boolean;
}

function statusOfPreFilter(prepared: ReturnType<NonNullable<SchedulerPlugin['preFilter']>>): PointStatus {
  if (prepared === undefined) return 'Skip';
  return typeof prepared === 'function' || !('refused' in prepared) ? 'Success' : statusOfRefusal(prepared);
}

const statusOfRefusal = ({ unresolvable }: { readonly unresolvable: boolean }): PointStatus => (unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable');

function prepare(pod: PodInfo, state: ClusterState, profile: Profile, observer?: CycleObserver): Prepared | PreFilterFailure {
  const filters: Asked[] = [];
  const namedBy: string[] = [];
  let nodes: ReadonlySet<string> | undefined;
  // Preemption may help against this one, unless another plug-in knows better.
  let refusal: { readonly by: string; readonly refused: string } | undefined;
  for (const plugin of profile.filter) {
    const prepared = observed(observer, plugin.name, 'PreFilter', () => plugin.preFilter?.(pod, state), statusOfPreFilter);
    if (prepared === undefined) continue;
    observer?.evaluated(plugin.name, 'PreFilter');
    if (typeof prepared === 'function') {
      filters.push({ name: plugin.name, filter: prepared });
      continue;
    }
    if ('refused' in prepared) {
      if (prepared.unresolvable) return { by: [plugin.name], ...prepared };
      refusal = { by: plugin.name, refused: prepared.refused };
      continue;
    }
    if (prepared.filter !== undefined) filters.push({ name: plugin.name, filter: prepared.filter });
    const { nodes: named } = prepared;
    if (named === undefined) continue;
    namedBy.push(plugin.name);
    namedBy.sort();
    nodes = nodes === undefined ? named : new Set([...nodes].filter((name) => named.has(name)));
    if (nodes.size === 0) return { by: namedBy, refused: namedBy.length > 1 ? `node(s) didn't satisfy plugin(s) [${namedBy.join(' ')}] simultaneously` : `node(s) didn't satisfy plugin ${plugin.name}`, unresolvable: true };
  }
  if (refusal !== undefined) return { by: [...namedBy, refusal.by], refused: refusal.refused, unresolvable: false };
  return { filters, nodes, namedBy };
}

function runFilters(filters: readonly Asked[], node: NodeInfo, observer?: CycleObserver): NodeRefusal | undefined {
  for (const { name, filter } of filters) {
    const refused = observer === undefined ? filter(node) : observed(observer, name, 'Filter', () => filter(node), (found) => (found === undefined ? 'Success' : statusOfRefusal(found)));
    if (refused !== undefined) return { node: node.name, plugin: name, reasons: refused.reasons, unresolvable: refused.unresolvable };
  }
  return undefined;
}

/** Pods for which room is made on a node and that are not less important: they count as if they were there. */
function expectedOn(node: NodeInfo, pod: PodInfo, state: ClusterState): readonly PodInfo[] {
  return state.nominations.on(node.name).filter((other) => other.uid !== pod.uid && other.priority >= pod.priority && !state.isPlaced(other.uid));
}

/** Asks all filters about one node, in the state as it is now; pods that are expected there count in. */
export function askNode(pod: PodInfo, state: ClusterState, profile: Profile, node: NodeInfo): NodeRefusal | undefined {
  const now = (): NodeRefusal | undefined => {
    const prepared = prepare(pod, state, profile);
    if ('refused' in prepared) return { node: node.name, plugin: prepared.by.at(-1) ?? '', reasons: [prepared.refused], unresolvable: prepared.unresolvable };
    return runFilters(prepared.filters, node);
  };
  const expected = expectedOn(node, pod, state);
  // It must fit with them, and without them too: they may never come, and affinity to them must not count.
  const refused = expected.length === 0 ? undefined : state.hypothetically(node, { with: expected }, now);
  return refused ?? now();
}

/** How many feasible nodes are enough. When nobody chooses among them, the first is as good as any (upstream's findNodesThatPassFilters). */
function enough(nodes: number, { score, percentageOfNodesToScore }: Profile, othersChoose: boolean): number {
  return score.length === 0 && !othersChoose ? 1 : feasibleNodesToFind(nodes, percentageOfNodesToScore);
}

/** Finds nodes for a pod: PreFilter and Filter. Pure, but for what it tells the observer. */
export function searchNodes(pod: PodInfo, state: ClusterState, profile: Profile, startIndex: number, { observer, last, triesNominated = true, othersChoose = false }: SearchOptions = {}): Search {
  const all = state.nodes;
  const failed = ({ by, refused, unresolvable }: PreFilterFailure): Search => {
    const refusals = all.map((node): NodeRefusal => ({ node: node.name, plugin: by.at(-1) ?? '', reasons: [refused], unresolvable }));
    return { feasible: [], refusals, examined: 0, diagnosis: { nodes: all.length, refusals, preFilter: refused, refusedBy: by } };
  };
  const started = observer?.now() ?? 0;
  const prepared = prepare(pod, state, profile, observer);
  const asked = observer?.now() ?? 0;
  observer?.point('PreFilter', asked - started, 'refused' in prepared ? statusOfRefusal(prepared) : 'Success');
  if ('refused' in prepared) return failed(prepared);
  const nominated = triesNominated ? state.node(state.nominations.nodeOf(pod)) : undefined;
  if (nominated !== undefined && prepared.nodes?.has(nominated.name) !== false && askNode(pod, state, profile, nominated) === undefined) return { feasible: [nominated], refusals: [], diagnosis: undefined, examined: 0, isNominated: true };
  const { filters, nodes, namedBy } = prepared;
  const hint = last?.((node) => nodes?.has(node.name) !== false && runFilters(filters, node) === undefined);
  observer?.hinted?.(typeof hint === 'object', observer.now() - asked);
  if (typeof hint === 'object') {
    const isGood = nodes?.has(hint.node.name) !== false && runFilters(filters, hint.node) === undefined;
    observer?.reuse?.(isGood ? 'hint_used' : 'hint_not_used');
    if (isGood) return { feasible: [hint.node], refusals: [], diagnosis: undefined, examined: 0, rest: hint.rest };
  } else observer?.reuse?.('no_hint', hint);
  const among = nodes === undefined ? all : [...nodes].flatMap((name) => state.node(name) ?? []);
  const found = findFeasible(pod, state, profile, filters, among, enough(among.length, profile, othersChoose), nodes === undefined ? startIndex : 0, observer);
  observer?.point('Filter', observer.now() - asked, found.feasible.length > 0 ? 'Success' : 'Unschedulable');
  const examined = nodes === undefined ? found.examined : 0;
  if (found.feasible.length > 0) return { ...found, examined, diagnosis: undefined };
  const unnamed: Refusal = { reasons: [`node(s) didn't satisfy plugin(s) [${namedBy.join(' ')}]`], unresolvable: true };
  const others = nodes === undefined ? [] : all.filter(({ name }) => !nodes.has(name)).map((node): NodeRefusal => ({ node: node.name, plugin: namedBy[0] ?? '', ...unnamed }));
  const refusals = [...found.refusals, ...others];
  return { feasible: [], refusals, examined, diagnosis: { nodes: all.length, refusals, refusedBy: [...new Set([...namedBy, ...refusals.map(({ plugin }) => plugin)])] } };
}

function findFeasible(pod: PodInfo, state: ClusterState, profile: Profile, filters: readonly Asked[], nodes: readonly NodeInfo[], wanted: number, startIndex: number, observer?: CycleObserver): { feasible: NodeInfo[]; refusals: NodeRefusal[]; examined: number } {
  const feasible: NodeInfo[] = [];
  const refusals: NodeRefusal[] = [];
  const someAreNominated = state.nominations.size > 0;
  if (observer !== undefined) for (const { name } of filters) observer.evaluated(name, 'Filter');
  const sampled = observer?.plugin === undefined ? undefined : observer;
  let examined = 0;
  let index = nodes.length === 0 ? 0 : startIndex % nodes.length;
  for (; examined < nodes.length && feasible.length < wanted; examined++) {
    const node = nodes[index] as NodeInfo;
    if (++index === nodes.length) index = 0;
    const refused = someAreNominated && expectedOn(node, pod, state).length > 0 ? askNode(pod, state, profile, node) : runFilters(filters, node, examined === 0 ? sampled : undefined);
    if (refused === undefined) feasible.push(node);
    else refusals.push(refused);
  }
  return { feasible, refusals, examined };
}
