import { maxNodeScore, type SchedulerPlugin } from '../framework';

/** Likes nodes where cpu and memory would be used to the same degree. */
export const balancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  prepareScore: (pod) => {
    // A pod that asks for nothing balances nothing (upstream skips best-effort pods).
    if (pod.requests.milliCpu === 0 && pod.requests.memory === 0 && pod.requests.scalar.size === 0) return undefined;
    return {
      score: ({ requested, allocatable }) => {
        const cpu = share(requested.milliCpu + pod.requests.milliCpu, allocatable.milliCpu);
        const memory = share(requested.memory + pod.requests.memory, allocatable.memory);
        // The standard deviation of two numbers is half their distance.
        return Math.trunc((1 - Math.abs(cpu - memory) / 2) * maxNodeScore);
      },
    };
  },
};

const share = (requested: number, capacity: number): number => (capacity === 0 ? 0 : Math.min(requested / capacity, 1));
