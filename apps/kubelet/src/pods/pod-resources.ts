import { isPodLevelResource, type corev1 } from '@navarch/api';
import { containersOf, initContainersOf, isSidecar } from './pod-spec';
import { qosClass } from './qos-class';

/** What a pod asks for, or is limited to, of one resource, its overhead included: upstream's sums over its containers. `value` reads a quantity. */
export function podTotal(pod: corev1.Pod, list: 'requests' | 'limits', resource: string, value: (quantity: string | undefined) => number): number {
  return withoutOverhead(pod, list, resource, value) + value(pod.spec?.overhead?.[resource]);
}

export function withoutOverhead(pod: corev1.Pod, list: 'requests' | 'limits', resource: string, value: (quantity: string | undefined) => number): number {
  const of = (container: corev1.Container): number => value(container.resources?.[list]?.[resource] ?? (list === 'requests' ? container.resources?.limits?.[resource] : undefined));
  let sidecars = 0;
  let peak = 0;
  for (const container of initContainersOf(pod)) {
    if (isSidecar(container)) sidecars += of(container);
    else peak = Math.max(peak, sidecars + of(container));
  }
  const running = containersOf(pod).reduce((sum, container) => sum + of(container), 0) + sidecars;
  const own = pod.spec?.resources?.[list]?.[resource];
  return own === undefined ? Math.max(running, peak) : value(own);
}

/** Guaranteed by what its containers ask for: what is said of the pod as a whole gives none of them anything of its own. */
export function mayHaveItsOwn(pod: corev1.Pod): boolean {
  const { requests, limits } = pod.spec?.resources ?? {};
  return qosClass(pod) === 'Guaranteed' && !Object.keys({ ...requests, ...limits }).some(isPodLevelResource);
}

/** True when every container limits a resource, so that the pod as a whole is limited. */
export function isLimited(pod: corev1.Pod, resource: string): boolean {
  if (pod.spec?.resources?.limits?.[resource] !== undefined) return true;
  return [...initContainersOf(pod), ...containersOf(pod)].every((container) => container.resources?.limits?.[resource] !== undefined);
}
