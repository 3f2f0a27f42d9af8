import type { corev1 } from '@navarch/api';
import { classOfResource, resourcesOfClasses, type ResourceClasses } from '../devices/extended-resources';
import { always, type QueueingHint, type Refusal, type SchedulerPlugin } from '../framework';
import type { NodeInfo } from '../state/node-info';
import { podInfo, type PodInfo } from '../state/pod-info';
import { readResources, signRequests, type Resources } from '../state/resources';
import { amountOf, resourceScorer, type ScoringStrategy } from './resource-scoring';

export interface NodeResourcesFitArgs {
  readonly ignoredResources?: readonly string[];
  /** `example.com` ignores `example.com/*`. */
  readonly ignoredResourceGroups?: readonly string[];
  readonly scoringStrategy?: ScoringStrategy;
}

/** What the pod asks for must be free. */
export function nodeResourcesFit({ ignoredResources = [], ignoredResourceGroups = [], scoringStrategy = {} }: NodeResourcesFitArgs = {}): SchedulerPlugin {
  const isIgnored = (name: string): boolean => ignoredResources.includes(name) || ignoredResourceGroups.some((group) => name.startsWith(`${group}/`));
  const scorer = resourceScorer(scoringStrategy);
  return {
    name: 'NodeResourcesFit',
    hints: {
      NodeAdd: fitsWhenEmpty, NodeUpdateNodeAllocatable: canFitNow, AssignedPodDelete: always, AssignedPodUpdatePodScaleDown: freesSomething, PodUpdatePodScaleDown: always,
      DeviceClassAdd: standsForResource, DeviceClassUpdate: standsForResource,
    },
    sign: ({ requests, scored }) => [...signRequests(requests), scored.milliCpu, scored.memory],
    preFilter: (pod, { columns, objects }) => {
      const scalars = [...pod.requests.scalar].filter(([name, amount]) => amount > 0 && !isIgnored(name));
      const { milliCpu, memory, ephemeralStorage } = pod.requests;
      const isUsual = scalars.length === 0 && ephemeralStorage === 0;
      const asDevices = resourcesOfClasses(pod, objects.deviceClasses);
      return (node) => {
        // The common case first, without a look at anything but numbers: it is asked for every pod and node.
        const { slot } = node;
        const fits = isUsual && (columns.freePods[slot] as number) > 0
          && (milliCpu === 0 || milliCpu <= (columns.cpu[slot] as number) - (columns.requestedCpu[slot] as number))
          && (memory === 0 || memory <= (columns.memory[slot] as number) - (columns.requestedMemory[slot] as number));
        return fits ? undefined : explained(pod, node, scalars, asDevices);
      };
    },
    preScore: scorer,
  };
}

type Scalars = readonly (readonly [name: string, amount: number])[];

function explained({ requests }: PodInfo, node: NodeInfo, scalars: Scalars, asDevices: ResourceClasses | undefined): Refusal | undefined {
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
  for (const [name, wanted] of scalars) {
    const capacity = allocatable.scalar.get(name) ?? 0;
    // Whether there are devices for it is DynamicResources' to say.
    if (capacity > 0 || asDevices?.has(name) !== true) check(name, wanted, requested.scalar.get(name) ?? 0, capacity);
  }
  return reasons.length === 0 ? undefined : { reasons, unresolvable };
}

const allocatableOf = (node: unknown): Resources => readResources((node as corev1.Node | undefined)?.status?.allocatable);

function namesIn(requests: Resources): string[] {
  return ['cpu', 'memory', 'ephemeral-storage', ...requests.scalar.keys()].filter((name) => amountOf(requests, name) > 0);
}

const podsOf = (node: unknown): number => Number((node as corev1.Node | undefined)?.status?.allocatable?.['pods'] ?? 0);

const fitsWhenEmpty: QueueingHint = (pod, { after }, { objects }) => {
  const { requests } = pod;
  if (podsOf(after) < 1) return false;
  const capacity = allocatableOf(after);
  const asDevices = resourcesOfClasses(pod, objects.deviceClasses);
  return namesIn(requests).every((name) => amountOf(requests, name) <= amountOf(capacity, name) || (amountOf(capacity, name) === 0 && asDevices?.has(name) === true));
};

/** A class whose devices stand for what the pod requests. */
const standsForResource: QueueingHint = ({ requests: { scalar } }, { after }, { objects }) =>
  [...scalar.keys()].some((name) => after !== undefined && classOfResource(name, objects.deviceClasses)?.metadata.name === after.metadata.name);

const canFitNow: QueueingHint = (pod, event, state) => {
  if (!fitsWhenEmpty(pod, event, state)) return false;
  const [before, after] = [allocatableOf(event.before), allocatableOf(event.after)];
  return podsOf(event.after) > podsOf(event.before) || namesIn(pod.requests).some((name) => amountOf(after, name) > amountOf(before, name));
};

const freesSomething: QueueingHint = ({ requests }, { before, after }) => {
  if (before === undefined || after === undefined) return true;
  const [had, has] = [podInfo(before).requests, podInfo(after).requests];
  return namesIn(requests).some((name) => amountOf(has, name) < amountOf(had, name));
};
