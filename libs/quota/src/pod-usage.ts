import type { corev1 } from '@navarch/api';
import { compareStrings, parseTime, type Quantity } from '@navarch/apimachinery';
import { type Amounts, counted, readAmounts } from './amounts';
import { podAmounts } from './pod-amounts';

/** What a container must state, if a quota limits it. */
const compute = ['cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage'];
const mustBeStated = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];
const native = ['cpu', 'memory', 'ephemeral-storage'];

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** Of a domain that is not Kubernetes' own. */
const isExtended = (name: string): boolean => name.includes('/') && !name.split('/', 1)[0]?.endsWith('kubernetes.io') && !name.startsWith('requests.');

/** Whether a quota may speak of this resource of pods. */
export function concernsPods(name: string): boolean {
  return name === 'pods' || name === 'count/pods' || compute.includes(name) || isHugePages(name)
    || (name.startsWith('requests.') && (isHugePages(name.slice(9)) || isExtended(name.slice(9))));
}

function computeUsage(requests: Amounts, limits: Amounts): Map<string, Quantity> {
  const usage = new Map<string, Quantity>();
  for (const [name, quantity] of requests) {
    if (native.includes(name) || isHugePages(name)) {
      usage.set(name, quantity);
      usage.set(`requests.${name}`, quantity);
    } else if (isExtended(name)) usage.set(`requests.${name}`, quantity);
  }
  for (const [name, quantity] of limits) if (native.includes(name)) usage.set(`limits.${name}`, quantity);
  return usage;
}

/** A pod that has ended, or whose node did not confirm its end in time, holds nothing any more. */
export function holdsResources({ metadata, status }: corev1.Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= (parseTime(deletionTimestamp) ?? nowMs) + deletionGracePeriodSeconds * 1000;
}

/** What a pod uses of a quota. */
export function podUsage(pod: corev1.Pod, nowMs: number): Amounts {
  const count = counted('count/pods', 1);
  if (!holdsResources(pod, nowMs)) return new Map([count]);
  const spec = pod.spec ?? { containers: [] };
  return new Map([count, counted('pods', 1), ...computeUsage(podAmounts(spec, 'requests'), podAmounts(spec, 'limits'))]);
}

/** What the pod's containers do not state, though a quota limits it: `cpu for: a,b; memory for: a`. Empty if nothing. */
export function unstated({ spec }: corev1.Pod, limited: readonly string[]): string {
  const whole = new Set(computeUsage(readAmounts(spec?.resources?.requests), readAmounts(spec?.resources?.limits)).keys());
  const required = limited.filter((name) => mustBeStated.includes(name) && !whole.has(name));
  const missing = new Map<string, string[]>();
  for (const { name, resources } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    const stated = computeUsage(readAmounts(resources?.requests), readAmounts(resources?.limits));
    for (const resource of required) if (!stated.has(resource)) missing.set(resource, [...(missing.get(resource) ?? []), name]);
  }
  return [...missing].sort(([a], [b]) => compareStrings(a, b)).map(([resource, names]) => `${resource} for: ${[...new Set(names)].sort(compareStrings).join(',')}`).join('; ');
}
