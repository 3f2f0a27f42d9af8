import { type corev1 } from '@navarch/api';
import { milliValue, wholeValue } from '../quantities';
import { podTotal } from './pod-resources';
import { allContainersOf } from './pod-spec';

/** Why a pod cannot run here: it fails with this. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** A last look before a pod begins: the scheduler may have been late, or passed by. Undefined when it may run. */
export function admitPod(pod: corev1.Pod, others: readonly corev1.Pod[], allocatable: Readonly<Record<string, string>>): Rejection | undefined {
  const taken = new Set(others.flatMap(hostPorts));
  if (hostPorts(pod).some((port) => taken.has(port))) return { reason: 'NodePorts', message: 'Pod was rejected: Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports' };
  const pods = wholeValue(allocatable['pods']);
  if (others.length + 1 > pods) return outOf('pods', 1, others.length, pods);
  for (const [resource, value] of [['cpu', milliValue], ['memory', wholeValue], ['ephemeral-storage', wholeValue]] as const) {
    const requested = podTotal(pod, 'requests', resource, value);
    const used = others.reduce((sum, other) => sum + podTotal(other, 'requests', resource, value), 0);
    const capacity = value(allocatable[resource]);
    if (requested > 0 && requested > capacity - used) return outOf(resource, requested, used, capacity);
  }
  return undefined;
}

function outOf(resource: string, requested: number, used: number, capacity: number): Rejection {
  return {
    reason: `OutOf${resource}`,
    message: `Pod was rejected: Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function hostPorts(pod: corev1.Pod): string[] {
  return allContainersOf(pod).flatMap(({ ports }) => ports ?? [])
    .map(({ hostPort = 0, protocol = 'TCP', hostIP = '' }) => (hostPort > 0 ? `${protocol}/${hostIP === '0.0.0.0' ? '' : hostIP}/${hostPort}` : ''))
    .filter((port) => port !== '');
}
