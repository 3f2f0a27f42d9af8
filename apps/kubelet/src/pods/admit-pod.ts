import { type corev1 } from '@navarch/api';
import { milliValue, wholeValue } from '../quantities';
import { podTotal } from './pod-resources';
import { containersOf, initContainersOf, isSidecar } from './pod-spec';

/** Why a pod cannot run here: it fails with this. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** One resource that a pod asks more of than is left: processor time in thousandths, all else in whole units. */
export interface Shortfall {
  readonly resource: string;
  readonly requested: number;
  readonly used: number;
  readonly capacity: number;
}

/** Everything that there is not enough of for a pod. */
export function shortfalls(pod: corev1.Pod, others: readonly corev1.Pod[], allocatable: Readonly<Record<string, string>>): Shortfall[] {
  return ['pods', ...new Set(['cpu', 'memory', 'ephemeral-storage', ...Object.keys(allocatable)].filter((resource) => resource !== 'pods'))]
    .map((resource) => ({ resource, requested: requestOf(pod, resource) }))
    // What it does not ask for, nobody else is asked about.
    .filter(({ requested }) => requested > 0)
    .map(({ resource, requested }) => ({
      resource,
      requested,
      used: others.reduce((sum, other) => sum + requestOf(other, resource), 0),
      capacity: (resource === 'cpu' ? milliValue : wholeValue)(allocatable[resource]),
    }))
    .filter(({ requested, used, capacity }) => requested > capacity - used);
}

/** How much of a resource a pod holds while it is here: upstream's GetResourceRequest. */
export function requestOf(pod: corev1.Pod, resource: string): number {
  if (resource === 'pods') return 1;
  let known = requests.get(pod);
  if (!known) requests.set(pod, (known = new Map<string, number>()));
  let requested = known.get(resource);
  if (requested === undefined) known.set(resource, (requested = podTotal(pod, 'requests', resource, resource === 'cpu' ? milliValue : wholeValue)));
  return requested;
}

/** What pods ask for, by resource: every new pod asks this of all who are here, and objects are never changed. */
const requests = new WeakMap<corev1.Pod, Map<string, number>>();

/** Refuses a pod that there is no room for: the scheduler may have been late, or passed by. Undefined when there is. */
export function admitPod(pod: corev1.Pod, others: readonly corev1.Pod[], allocatable: Readonly<Record<string, string>>): Rejection | undefined {
  const [first] = shortfalls(pod, others, allocatable);
  return first && outOf(first);
}

/** Refuses a pod that wants a port of the node that another has. */
export function admitPorts(pod: corev1.Pod, others: readonly corev1.Pod[]): Rejection | undefined {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return undefined;
  const taken = others.flatMap(hostPorts);
  const conflict = wanted.some((port) => taken.some((other) => port.number === other.number && port.protocol === other.protocol && (port.ip === '' || other.ip === '' || port.ip === other.ip)));
  return conflict ? { reason: 'NodePorts', message: 'Pod was rejected: Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports' } : undefined;
}

function outOf({ resource, requested, used, capacity }: Shortfall): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Pod was rejected: Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

/** Those of containers that stay; on every address of the node where none is given. */
function hostPorts(pod: corev1.Pod): { number: number; protocol: string; ip: string }[] {
  return [...initContainersOf(pod).filter(isSidecar), ...containersOf(pod)].flatMap(({ ports }) => ports ?? []).filter(({ hostPort = 0 }) => hostPort > 0)
    .map(({ hostPort = 0, protocol = 'TCP', hostIP = '' }) => ({ number: hostPort, protocol, ip: hostIP === '0.0.0.0' ? '' : hostIP }));
}
