import { resourcesOfClasses } from '../devices/extended-resources';
import { maxNodeScore, type NodeScorer, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { signRequests } from '../state/resources';
import { amountOf, cpuAndMemory, isStandard, shareOf, type ResourceWeight } from './resource-scoring';

/** Likes nodes where all resources would be used to the same degree. */
export function balancedAllocation({ resources = cpuAndMemory }: { readonly resources?: readonly ResourceWeight[] } = {}): SchedulerPlugin {
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

/** The standard deviation of two numbers is half their distance. */
const balanceOfTwo = ({ requests: { milliCpu, memory } }: PodInfo, { columns }: ClusterState): NodeScorer => {
  const score = (slot: number): number => {
    const [cpuCapacity, memoryCapacity] = [columns.cpu[slot] as number, columns.memory[slot] as number];
    if (cpuCapacity === 0 || memoryCapacity === 0) return full;
    const distance = share((columns.requestedCpu[slot] as number) + milliCpu, cpuCapacity) - share((columns.requestedMemory[slot] as number) + memory, memoryCapacity);
    return Math.floor((1 - Math.abs(distance) / 2) * full);
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
      const shares = asked.flatMap(({ name }) => {
        const { requested, capacity } = shareOf(pod, node, name, state, asDevices, amountOf(node.requested, name) + amountOf(pod.requests, name));
        return capacity === 0 ? [] : [share(requested, capacity)];
      });
      if (shares.length === 0) return full;
      return Math.trunc((1 - deviation(shares)) * full);
    },
  };
};

/** The standard deviation: of two, half their distance, without the error of a root. */
function deviation(shares: readonly number[]): number {
  const [first = 0, second = 0] = shares;
  if (shares.length === 2) return Math.abs(first - second) / 2;
  const mean = shares.reduce((sum, value) => sum + value, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / shares.length);
}
