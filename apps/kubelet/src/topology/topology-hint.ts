import { choicesOf, countOf, isIn, maxNumaNodes, type NumaMask } from './numa-mask';

/** Where something could be had from; without an affinity, anywhere. */
export interface TopologyHint {
  readonly affinity: NumaMask | undefined;
  /** It takes no more memory banks than there must be. */
  readonly preferred: boolean;
}

/** How far memory banks are from each other, in the kernel's numbers: by bank, and by the place of the other in the order of banks. */
export type NumaDistances = ReadonlyMap<number, readonly number[]>;

/** By resource; undefined where it does not matter from where, empty where there is no way. */
export type ResourceHints = ReadonlyMap<string, readonly TopologyHint[] | undefined>;

const anywhere: TopologyHint = { affinity: undefined, preferred: true };
const nowhere: TopologyHint = { affinity: undefined, preferred: false };

/** One list for each resource of each provider: what can be chosen from. */
export function choices(providers: readonly ResourceHints[]): TopologyHint[][] {
  return providers.flatMap((hints) => {
    if (hints.size === 0) return [[anywhere]];
    return [...hints.values()].map((list) => (list === undefined ? [anywhere] : list.length === 0 ? [nowhere] : [...list]));
  });
}

/** The best of all ways to take one hint of each list: what all have in common, preferred before narrow. */
export function mergeHints(lists: readonly (readonly TopologyHint[])[], allNodes: NumaMask, distances?: NumaDistances): TopologyHint {
  const wanted = Math.max(0, ...lists.map((list) => Math.min(...list.filter(({ affinity }) => affinity !== undefined).map(({ affinity = 0 }) => countOf(affinity)), Infinity)).filter(Number.isFinite));
  let best: TopologyHint | undefined;
  for (const combination of combinationsOf(lists)) {
    const affinity = combination.reduce((mask, hint) => mask & (hint.affinity ?? allNodes), allNodes);
    if (affinity === 0) continue;
    const merged = { affinity, preferred: combination.every(({ preferred }) => preferred) };
    if (!best || isBetter(merged, best, wanted, distances)) best = merged;
  }
  return best ?? { affinity: allNodes, preferred: false };
}

function isBetter(a: TopologyHint, b: TopologyHint, wanted: number, distances: NumaDistances | undefined): boolean {
  if (a.preferred !== b.preferred) return a.preferred;
  const [count, other] = [countOf(a.affinity ?? 0), countOf(b.affinity ?? 0)];
  const order = a.preferred ? count - other : distance(count, wanted) - distance(other, wanted);
  if (order !== 0) return order < 0;
  const nearer = distances && count === other ? meanDistance(a.affinity ?? 0, distances) - meanDistance(b.affinity ?? 0, distances) : 0;
  return nearer === 0 ? (a.affinity ?? 0) < (b.affinity ?? 0) : nearer < 0;
}

/** Where nothing is as it should be: as wide as the one that needs most, else rather too narrow than too wide. */
function distance(count: number, wanted: number): number {
  return count <= wanted ? wanted - count : maxNumaNodes + count;
}

/** Between all banks of a choice, themselves included, as upstream has it. */
function meanDistance(mask: NumaMask, distances: NumaDistances): number {
  const order = [...distances.keys()];
  const banks = order.filter((bank) => isIn(bank, mask));
  const all = banks.flatMap((from) => banks.map((to) => distances.get(from)?.[order.indexOf(to)] ?? 0));
  return all.reduce((sum, each) => sum + each, 0) / Math.max(1, all.length);
}

function* combinationsOf(lists: readonly (readonly TopologyHint[])[]): Generator<readonly TopologyHint[]> {
  const [list, ...rest] = lists;
  if (!list) yield [];
  else for (const combination of combinationsOf(rest)) for (const hint of list) yield [hint, ...combination];
}

export interface CountedHintOptions {
  readonly mayUse?: (mask: NumaMask) => boolean;
  /** `leastBanks`: how few memory banks could ever do. */
  readonly isPreferred?: (mask: NumaMask, leastBanks: number) => boolean;
}

/**
 * Hints for something that is counted by memory bank. `capacity`: what a bank has at all, `free`: what of it can be
 * had now; a hint is preferred when no fewer banks could ever do.
 */
export function countedHints(
  nodes: readonly number[],
  needed: number,
  capacity: (node: number) => number,
  free: (node: number) => number,
  { mayUse = () => true, isPreferred = (mask, least) => countOf(mask) === least }: CountedHintOptions = {},
): TopologyHint[] {
  const sum = (mask: NumaMask, of: (node: number) => number): number => nodes.filter((node) => isIn(node, mask)).reduce((total, node) => total + of(node), 0);
  const all = choicesOf(nodes);
  const least = Math.min(...all.filter((mask) => sum(mask, capacity) >= needed).map(countOf), nodes.length);
  return all.filter((mask) => mayUse(mask) && sum(mask, free) >= needed).map((affinity) => ({ affinity, preferred: isPreferred(affinity, least) }));
}
