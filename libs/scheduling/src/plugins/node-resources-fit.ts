import { implicitResourcePrefix, isExtendedResource, type corev1, type KubeObject, type resourcev1 } from '@navarch/api';
import { resourcesOfClasses, type ResourceClasses } from '../devices/extended-resources';
import { always, type QueueingHint, type Refusal, type SchedulerPlugin } from '../framework';
import type { NodeInfo } from '../state/node-info';
import { podInfo, type PodInfo } from '../state/pod-info';
import { podsIn, readResources, signRequests, type Resources } from '../state/resources';
import { amountOf, resourceScorer, type ScoringStrategy } from './resource-scoring';

export interface NodeResourcesFitArgs {
  readonly ignoredResources?: readonly string[];
  /** `example.com` ignores `example.com/*`. */
  readonly ignoredResourceGroups?: readonly string[];
  readonly scoringStrategy?: ScoringStrategy;
}

/** What the pod asks for must be free. */
export function nodeResourcesFit({ ignoredResources = [], ignoredResourceGroups = [], scoringStrategy = {} }: NodeResourcesFitArgs = {}): SchedulerPlugin {
  const isIgnored = (name: string): boolean => isExtendedResource(name) && (ignoredResources.includes(name) || ignoredResourceGroups.some((group) => name.startsWith(`${group}/`)));
  const scorer = resourceScorer(scoringStrategy);
  return {
    name: 'NodeResourcesFit',
    hints: {
      NodeAdd: fitsWhenEmpty(isIgnored), NodeUpdateNodeAllocatable: canFitNow(isIgnored), AssignedPodDelete: always, AssignedPodUpdatePodScaleDown: freesSomething, PodUpdatePodScaleDown: always,
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

const podsOf = (node: unknown): number => podsIn((node as corev1.Node | undefined)?.status?.allocatable);

/** Whether the node would take the pod if nothing else were there. What others look after is not looked at, though upstream's hint does: it would miss a node that helps. */
const fitsWhenEmpty = (isIgnored: (name: string) => boolean): QueueingHint => (pod, { after }, { objects }) => {
  const { requests } = pod;
  if (podsOf(after) < 1) return false;
  const capacity = allocatableOf(after);
  const asDevices = resourcesOfClasses(pod, objects.deviceClasses);
  return namesIn(requests).every((name) => isIgnored(name) || amountOf(requests, name) <= amountOf(capacity, name) || (amountOf(capacity, name) === 0 && asDevices?.has(name) === true));
};

/** A class that stands for what the pod requests from now on; by its own name it does so since it is there. */
const standsForResource: QueueingHint = ({ requests: { scalar } }, { before, after }) => {
  const nameOf = (deviceClass: KubeObject | undefined): string | undefined => (deviceClass as resourcev1.DeviceClass | undefined)?.spec.extendedResourceName;
  const name = nameOf(after);
  return (name !== undefined && name !== nameOf(before) && scalar.has(name)) || (before === undefined && scalar.has(`${implicitResourcePrefix}${after?.metadata.name ?? ''}`));
};

/** There is more of something now, or what there is none of can be had as devices. */
const canFitNow = (isIgnored: (name: string) => boolean): QueueingHint => {
  const fits = fitsWhenEmpty(isIgnored);
  return (pod, event, state) => {
    if (!fits(pod, event, state)) return false;
    const [before, after] = [allocatableOf(event.before), allocatableOf(event.after)];
    const asDevices = resourcesOfClasses(pod, state.objects.deviceClasses);
    return podsOf(event.after) > podsOf(event.before) || namesIn(pod.requests).some((name) => amountOf(after, name) > amountOf(before, name) || (amountOf(after, name) === 0 && asDevices?.has(name) === true));
  };
};

const freesSomething: QueueingHint = ({ requests }, { before, after }) => {
  if (before === undefined || after === undefined) return true;
  const [had, has] = [podInfo(before).requests, podInfo(after).requests];
  return namesIn(requests).some((name) => amountOf(has, name) < amountOf(had, name));
};
