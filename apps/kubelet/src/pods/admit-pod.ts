import { type corev1 } from '@navarch/api';
import { milliValue, wholeValue } from '../quantities';
import { podTotal } from './pod-resources';
import { allContainersOf } from './pod-spec';

/** Why a pod cannot run here: it fails with this. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** Refuses a pod that there is no room for: the scheduler may have been late, or passed by. Undefined when there is. */
export function admitPod(pod: corev1.Pod, others: readonly corev1.Pod[], allocatable: Readonly<Record<string, string>>): Rejection | undefined {
  const pods = wholeValue(allocatable['pods']);
  if (others.length + 1 > pods) return outOf('pods', 1, others.length, pods);
  const counted = new Set(['cpu', 'memory', 'ephemeral-storage', ...Object.keys(allocatable)]);
  counted.delete('pods');
  for (const resource of counted) {
    const value = resource === 'cpu' ? milliValue : wholeValue;
    const requested = podTotal(pod, 'requests', resource, value);
    const used = others.reduce((sum, other) => sum + podTotal(other, 'requests', resource, value), 0);
    const capacity = value(allocatable[resource]);
    if (requested > 0 && requested > capacity - used) return outOf(resource, requested, used, capacity);
  }
  return undefined;
}

/** Refuses a pod that wants a port of the node that another has. */
export function admitPorts(pod: corev1.Pod, others: readonly corev1.Pod[]): Rejection | undefined {
  const taken = others.flatMap(hostPorts);
  const conflict = hostPorts(pod).some((port) => taken.some((other) => port.number === other.number && port.protocol === other.protocol && (port.ip === '' || other.ip === '' || port.ip === other.ip)));
  return conflict ? { reason: 'NodePorts', message: 'Pod was rejected: Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports' } : undefined;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Pod was rejected: Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

/** On every address of the node where none is given. */
function hostPorts(pod: corev1.Pod): { number: number; protocol: string; ip: string }[] {
  return allContainersOf(pod).flatMap(({ ports }) => ports ?? []).filter(({ hostPort = 0 }) => hostPort > 0)
    .map(({ hostPort = 0, protocol = 'TCP', hostIP = '' }) => ({ number: hostPort, protocol, ip: hostIP === '0.0.0.0' ? '' : hostIP }));
}
