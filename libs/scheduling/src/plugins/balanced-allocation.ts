import { maxNodeScore, type SchedulerPlugin } from '../framework';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { amountOf, cpuAndMemory, type ResourceWeight } from './resource-scoring';

/** Likes nodes where all resources would be used to the same degree. */
export function balancedAllocation({ resources = cpuAndMemory }: { readonly resources?: readonly ResourceWeight[] } = {}): SchedulerPlugin {
  const score = resources === cpuAndMemory ? balanceOfTwo : balanceOf(resources);
  return {
    name: 'NodeResourcesBalancedAllocation',
    // A pod that asks for nothing balances nothing (upstream skips best-effort pods).
    preScore: (pod) => (pod.requests.milliCpu === 0 && pod.requests.memory === 0 && pod.requests.scalar.size === 0 ? undefined : { score: score(pod) }),
  };
}

const share = (requested: number, capacity: number): number => Math.min(requested / capacity, 1);

/** The standard deviation of two numbers is half their distance. */
const balanceOfTwo = ({ requests: { milliCpu, memory } }: PodInfo) => ({ requested, allocatable }: NodeInfo): number => {
  if (allocatable.milliCpu === 0 || allocatable.memory === 0) return maxNodeScore;
  const distance = share(requested.milliCpu + milliCpu, allocatable.milliCpu) - share(requested.memory + memory, allocatable.memory);
  return Math.trunc((1 - Math.abs(distance) / 2) * maxNodeScore);
};

const balanceOf = (resources: readonly ResourceWeight[]) => (pod: PodInfo) => {
  const asked = resources.filter(({ name }) => name === 'cpu' || name === 'memory' || amountOf(pod.requests, name) > 0);
  return (node: NodeInfo): number => {
    const shares = asked.flatMap(({ name }) => {
      const capacity = amountOf(node.allocatable, name);
      return capacity === 0 ? [] : [share(amountOf(node.requested, name) + amountOf(pod.requests, name), capacity)];
    });
    if (shares.length === 0) return maxNodeScore;
    const mean = shares.reduce((sum, value) => sum + value, 0) / shares.length;
    const variance = shares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / shares.length;
    return Math.trunc((1 - Math.sqrt(variance)) * maxNodeScore);
  };
};
