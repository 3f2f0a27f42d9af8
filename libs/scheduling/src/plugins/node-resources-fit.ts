import { maxNodeScore, type Refusal, type SchedulerPlugin } from '../framework';
import type { NodeInfo } from '../node-info';
import type { PodInfo } from '../pod-info';

/** What the pod asks for must be free. Scored by how much stays free (LeastAllocated). */
export const nodeResourcesFit: SchedulerPlugin = {
  name: 'NodeResourcesFit',
  events: ['PodDelete', 'PodUpdate', 'NodeAdd', 'NodeUpdate'],
  prepareFilter: (pod) => (node) => insufficient(pod, node),
  prepareScore: (pod) => ({ score: (node) => leastAllocated(pod, node) }),
};

/** The common case first, without making anything: it is asked for every pod and node. */
function insufficient(pod: PodInfo, node: NodeInfo): Refusal | undefined {
  const { requests } = pod;
  const { allocatable, requested } = node;
  const fits = node.pods.size < node.allowedPods
    && (requests.milliCpu === 0 || requests.milliCpu <= allocatable.milliCpu - requested.milliCpu)
    && (requests.memory === 0 || requests.memory <= allocatable.memory - requested.memory)
    && (requests.ephemeralStorage === 0 || requests.ephemeralStorage <= allocatable.ephemeralStorage - requested.ephemeralStorage)
    && requests.scalar.size === 0;
  return fits ? undefined : explained(pod, node);
}

function explained({ requests }: PodInfo, node: NodeInfo): Refusal | undefined {
  const { allocatable, requested } = node;
  const reasons: string[] = [];
  // More than the node has at all: no preemption can help.
  let unresolvable = false;
  const check = (name: string, wanted: number, used: number, capacity: number): void => {
    if (wanted === 0 || wanted <= capacity - used) return;
    reasons.push(`Insufficient ${name}`);
    if (wanted > capacity) unresolvable = true;
  };
  if (node.pods.size + 1 > node.allowedPods) reasons.push('Too many pods');
  check('cpu', requests.milliCpu, requested.milliCpu, allocatable.milliCpu);
  check('memory', requests.memory, requested.memory, allocatable.memory);
  check('ephemeral-storage', requests.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage);
  for (const [name, wanted] of requests.scalar) check(name, wanted, requested.scalar.get(name) ?? 0, allocatable.scalar.get(name) ?? 0);
  return reasons.length === 0 ? undefined : { reasons, unresolvable };
}

/** Mean over cpu and memory of the free share after placing the pod. */
function leastAllocated(pod: PodInfo, node: NodeInfo): number {
  const cpu = freeShare(node.scored.milliCpu + pod.scored.milliCpu, node.allocatable.milliCpu);
  const memory = freeShare(node.scored.memory + pod.scored.memory, node.allocatable.memory);
  return Math.trunc((cpu + memory) / 2);
}

function freeShare(requested: number, capacity: number): number {
  return capacity === 0 || requested > capacity ? 0 : Math.trunc(((capacity - requested) * maxNodeScore) / capacity);
}
