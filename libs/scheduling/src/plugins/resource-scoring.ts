import { countDevices } from '../devices/count-devices';
import { resourcesOfClasses, type ResourceClasses } from '../devices/extended-resources';
import { maxNodeScore, type NodeScorer } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import type { Resources } from '../state/resources';

export interface ResourceWeight {
  readonly name: string;
  readonly weight?: number;
}

export interface UtilizationPoint {
  readonly utilization: number;
  readonly score: number;
}

export interface ScoringStrategy {
  readonly type?: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  readonly resources?: readonly ResourceWeight[];
  readonly requestedToCapacityRatio?: { readonly shape?: readonly UtilizationPoint[] };
}

export const cpuAndMemory: readonly ResourceWeight[] = [{ name: 'cpu', weight: 1 }, { name: 'memory', weight: 1 }];

/** None at all means the default, as upstream's SetDefaults_NodeResourcesFitArgs has it. */
export const resourcesOr = (resources: readonly ResourceWeight[] | undefined): readonly ResourceWeight[] => (resources === undefined || resources.length === 0 ? cpuAndMemory : resources);

/** The amount of one resource, by its name. */
export function amountOf(resources: Resources, name: string): number {
  switch (name) {
    case 'cpu':
      return resources.milliCpu;
    case 'memory':
      return resources.memory;
    case 'ephemeral-storage':
      return resources.ephemeralStorage;
    default:
      return resources.scalar.get(name) ?? 0;
  }
}

/** Counts in scores whether a pod asks for it or not; anything else only if it does. */
export const isStandard = (name: string): boolean => name === 'cpu' || name === 'memory' || name === 'ephemeral-storage';

/** What there is of a resource on a node, and what would be requested of it with the pod. */
export interface Share {
  readonly requested: number;
  readonly capacity: number;
}

/** What devices stand for is counted as devices. @param wanted what else would be requested */
export function shareOf(pod: PodInfo, node: NodeInfo, name: string, state: ClusterState, asDevices: ResourceClasses | undefined, wanted: number): Share {
  const capacity = amountOf(node.allocatable, name);
  const className = capacity === 0 ? asDevices?.get(name) : undefined;
  if (className === undefined) return { requested: wanted, capacity };
  const { offered, taken } = countDevices(className, node, state);
  return { requested: taken + amountOf(pod.requests, name), capacity: offered };
}

/** What would be requested of a node with the pod, for scores: cpu and memory with defaults for what is not asked. */
function requestedWith(pod: PodInfo, node: NodeInfo, name: string): number {
  const [placed, own] = name === 'cpu' || name === 'memory' ? [node.scored, pod.scored] : [node.requested, pod.requests];
  return amountOf(placed, name) + amountOf(own, name);
}

/** Scores one resource by what would be requested and what there is. */
export type ResourceScore = (requested: number, capacity: number) => number;

const leastAllocated: ResourceScore = (requested, capacity) => (requested > capacity ? 0 : Math.trunc(((capacity - requested) * maxNodeScore) / capacity));
const mostAllocated: ResourceScore = (requested, capacity) => Math.trunc((Math.min(requested, capacity) * maxNodeScore) / capacity);

/** Shapes are written with scores up to 10. */
const shapeFactor = maxNodeScore / 10;

/** A score by what part of a capacity is requested, on the straight lines between the points of a shape; what has no capacity is full. */
export function byShape(shape: readonly UtilizationPoint[]): ResourceScore {
  return (requested, capacity) => {
    const utilization = requested > capacity || capacity === 0 ? 100 : Math.trunc((requested * 100) / capacity);
    const next = shape.findIndex((point) => utilization <= point.utilization);
    const upper = shape[next];
    if (upper === undefined) return (shape.at(-1)?.score ?? 0) * shapeFactor;
    const lower = shape[next - 1];
    if (lower === undefined) return upper.score * shapeFactor;
    const [from, to] = [lower.score * shapeFactor, upper.score * shapeFactor];
    return from + Math.trunc(((to - from) * (utilization - lower.utilization)) / (upper.utilization - lower.utilization));
  };
}

/** The score of a node for a pod under a strategy: the mean over the resources, by their weights. */
export function resourceScorer(strategy: ScoringStrategy): (pod: PodInfo, state: ClusterState) => NodeScorer {
  const { type = 'LeastAllocated' } = strategy;
  const resources = resourcesOr(strategy.resources);
  if (type === 'LeastAllocated' && resources === cpuAndMemory) return leastOfCpuAndMemory;
  const scorer = anyResourceScorer({ ...strategy, resources });
  return (pod, state) => ({ score: scorer(pod, state) });
}

function anyResourceScorer({ type = 'LeastAllocated', resources, requestedToCapacityRatio }: ScoringStrategy & { readonly resources: readonly ResourceWeight[] }): (pod: PodInfo, state: ClusterState) => (node: NodeInfo) => number {
  const isRatio = type === 'RequestedToCapacityRatio';
  const score = isRatio ? byShape(requestedToCapacityRatio?.shape ?? []) : type === 'MostAllocated' ? mostAllocated : leastAllocated;
  return (pod, state) => {
    const asDevices = resourcesOfClasses(pod, state.objects.deviceClasses);
    const asked = resources.filter(({ name }) => isStandard(name) || amountOf(pod.requests, name) > 0);
    return (node) => {
      let sum = 0;
      let weights = 0;
      for (const { name, weight: given = 1 } of asked) {
        const weight = given === 0 ? 1 : given;
        const { requested, capacity } = shareOf(pod, node, name, state, asDevices, requestedWith(pod, node, name));
        if (capacity === 0) continue;
        const own = score(requested, capacity);
        // Upstream's ratio leaves out resources that score nothing.
        if (isRatio && own === 0) continue;
        sum += own * weight;
        weights += weight;
      }
      if (weights === 0) return 0;
      return isRatio ? Math.round(sum / weights) : Math.trunc(sum / weights);
    };
  };
}

const full = maxNodeScore;

/** The default strategy, asked for every pod and node: the same as above without any look-up by name. */
function leastOfCpuAndMemory({ scored: { milliCpu, memory } }: PodInfo, { columns }: ClusterState): NodeScorer {
  const score = (slot: number): number => {
    const [cpuCapacity, memoryCapacity] = [columns.cpu[slot] as number, columns.memory[slot] as number];
    const [cpu, used] = [(columns.scoredCpu[slot] as number) + milliCpu, (columns.scoredMemory[slot] as number) + memory];
    const cpuScore = cpu > cpuCapacity || cpuCapacity === 0 ? 0 : Math.floor(((cpuCapacity - cpu) * full) / cpuCapacity);
    const memoryScore = used > memoryCapacity || memoryCapacity === 0 ? 0 : Math.floor(((memoryCapacity - used) * full) / memoryCapacity);
    // What a node does not have at all says nothing.
    if (cpuCapacity === 0 || memoryCapacity === 0) return cpuScore + memoryScore;
    return Math.floor((cpuScore + memoryScore) / 2);
  };
  return {
    score: ({ slot }) => score(slot),
    scoreAll: (nodes, into) => {
      for (let index = 0; index < nodes.length; index++) into[index] = score((nodes[index] as NodeInfo).slot);
    },
  };
}
