import { resourcesOfClasses } from '../devices/extended-resources';
import { maxNodeScore, type NodeScorer, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { signRequests } from '../state/resources';
import { amountOf, cpuAndMemory, isStandard, resourcesOr, shareOf, type ResourceWeight } from './resource-scoring';

/** Likes nodes where all resources come to be used to the same degree: those that the pod makes more even than they are without it. */
export function balancedAllocation({ resources: given }: { readonly resources?: readonly ResourceWeight[] } = {}): SchedulerPlugin {
  const resources = resourcesOr(given);
  const score = resources === cpuAndMemory ? balanceOfTwo : balanceOf(resources);
  return {
    name: 'NodeResourcesBalancedAllocation',
    sign: ({ requests }) => signRequests(requests),
    // A pod that asks for none of them balances nothing (upstream skips best-effort pods).
    preScore: (pod, state) => (resources.every(({ name }) => amountOf(pod.requests, name) === 0) ? undefined : score(pod, state)),
  };
}

const share = (requested: number, capacity: number): number => Math.min(requested / capacity, 1);
const full = maxNodeScore;

/** From 50, for a node that was even and is not any more, to 100; 75 for one that stays as it is. */
const change = (withPod: number, without: number): number => full / 2 + Math.floor((full / 2 + withPod - without) / 2);

/** How even two shares are, by their standard deviation, which is half their distance: 50 to 100. */
const evenness = (one: number, other: number): number => Math.floor((1 - Math.abs(one - other) / 2) * full);

const balanceOfTwo = ({ requests: { milliCpu, memory } }: PodInfo, { columns }: ClusterState): NodeScorer => {
  const score = (slot: number): number => {
    const [cpuCapacity, memoryCapacity] = [columns.cpu[slot] as number, columns.memory[slot] as number];
    if (cpuCapacity === 0 || memoryCapacity === 0) return change(full, full);
    const [cpu, used] = [columns.requestedCpu[slot] as number, columns.requestedMemory[slot] as number];
    return change(evenness(share(cpu + milliCpu, cpuCapacity), share(used + memory, memoryCapacity)), evenness(share(cpu, cpuCapacity), share(used, memoryCapacity)));
  };
  return {
    score: ({ slot }) => score(slot),
    scoreAll: (nodes, into) => {
      for (let index = 0; index < nodes.length; index++) into[index] = score((nodes[index] as NodeInfo).slot);
    },
  };
};

const balanceOf = (resources: readonly ResourceWeight[]) => (pod: PodInfo, state: ClusterState): NodeScorer => {
  const asDevices = resourcesOfClasses(pod, state.objects.deviceClasses);
  const asked = resources.filter(({ name }) => isStandard(name) || amountOf(pod.requests, name) > 0);
  return {
    score: (node) => {
      const counted = asked.flatMap(({ name }) => {
        const own = amountOf(pod.requests, name);
        const { requested, capacity } = shareOf(pod, node, name, state, asDevices, amountOf(node.requested, name) + own);
        return capacity === 0 ? [] : [[share(requested, capacity), share(requested - own, capacity)] as const];
      });
      const [withPod, without] = [counted.map(([after]) => after), counted.map(([, before]) => before)].map((shares) => Math.trunc((1 - deviation(shares)) * full)) as [number, number];
      return change(withPod, without);
    },
  };
};

/** The standard deviation: of two, half their distance, without the error of a root. */
function deviation(shares: readonly number[]): number {
  const [first = 0, second = 0] = shares;
  if (shares.length < 2) return 0;
  if (shares.length === 2) return Math.abs(first - second) / 2;
  const mean = shares.reduce((sum, value) => sum + value, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / shares.length);
}
