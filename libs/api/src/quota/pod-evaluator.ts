import { quantityOf, type Quantity } from '@navarch/apimachinery';
import { isPodLevelResource } from '../core/pod/pod-level-resources';
import { qosClassOf } from '../core/pod/qos-class';
import { isHugePage } from '../core/pod/validation/resources';
import type { corev1 } from '../gen';
import { isDeviceResource } from '../resource/extended-resource';
import { list } from '../support/list';
import { type Amounts, parseAmounts } from './amounts';
import type { QuotaEvaluator } from './evaluator';
import { podAmounts } from './pod-resources';
import { namesMatch, type Scope } from './scopes';

const objectCount = 'count/pods';
const requests = 'requests.';
const compute = ['cpu', 'memory', 'ephemeral-storage'] as const;
/** Limits of these make every container say how much it needs. */
const mustBeStated = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];
const counted = new Set<string>([objectCount, 'pods', ...compute.flatMap((name) => [name, `requests.${name}`, `limits.${name}`])]);

const isCounted = (name: string): boolean =>
  counted.has(name) || isHugePage(name) || (name.startsWith(requests) && (isHugePage(name.slice(requests.length)) || isDeviceResource(name.slice(requests.length))));

function computeUsage(asked: Amounts, allowed: Amounts): Map<string, Quantity> {
  const usage = new Map([['pods', quantityOf(1)]]);
  for (const [name, quantity] of asked) {
    const hasPlainName = compute.some((known) => known === name) || isHugePage(name);
    if (hasPlainName) usage.set(name, quantity);
    if (hasPlainName || isDeviceResource(name)) usage.set(`${requests}${name}`, quantity);
  }
  for (const name of compute) {
    const limit = allowed.get(name);
    if (limit !== undefined) usage.set(`limits.${name}`, limit);
  }
  return usage;
}

/** Whether a pod still uses anything: not when it is over, nor when its time to end has passed and its node says nothing. */
export function isPodCharged({ metadata, status }: corev1.Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp } = metadata;
  const grace = metadata.deletionGracePeriodSeconds as bigint | number | undefined;
  if (deletionTimestamp === undefined || grace === undefined) return true;
  return nowMs <= Date.parse(deletionTimestamp) + Number(grace) * 1000;
}

function usesOtherNamespaces({ spec }: corev1.Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) => {
    const terms = [...list(affinity?.requiredDuringSchedulingIgnoredDuringExecution), ...list(affinity?.preferredDuringSchedulingIgnoredDuringExecution).map(({ podAffinityTerm }) => podAffinityTerm)];
    return terms.some(({ namespaces, namespaceSelector }) => list(namespaces).length > 0 || namespaceSelector !== undefined);
  });
}

function hasDeadline({ spec }: corev1.Pod): boolean {
  const deadline = spec?.activeDeadlineSeconds;
  return deadline !== undefined && deadline >= 0;
}

function matchesScope(scope: Scope, pod: corev1.Pod): boolean {
  const isBestEffort = (pod.status?.qosClass ?? qosClassOf(pod.spec ?? {})) === 'BestEffort';
  const priorityClass = pod.spec?.priorityClassName ?? '';
  switch (scope.scopeName) {
    case 'Terminating':
      return hasDeadline(pod);
    case 'NotTerminating':
      return !hasDeadline(pod);
    case 'BestEffort':
      return isBestEffort;
    case 'NotBestEffort':
      return !isBestEffort;
    case 'PriorityClass':
      return namesMatch(scope, priorityClass === '' ? [] : [priorityClass]);
    case 'CrossNamespacePodAffinity':
      return usesOtherNamespaces(pod);
    default:
      return false;
  }
}

/** Upstream's rule from before there were classes of pods: a limit on processor time or memory makes containers state theirs. */
function missing(names: readonly string[], { spec }: corev1.Pod): string | undefined {
  const stated = [...Object.keys(spec?.resources?.requests ?? {}), ...Object.keys(spec?.resources?.limits ?? {})];
  if (stated.some(isPodLevelResource)) return undefined;
  const required = mustBeStated.filter((name) => names.includes(name)).sort();
  const containersBy = required.map((name) => {
    const lacking = [...list(spec?.containers), ...list(spec?.initContainers)].filter(({ resources }) => !computeUsage(parseAmounts(resources?.requests), parseAmounts(resources?.limits)).has(name));
    return { name, containers: lacking.map((container) => container.name).sort() };
  }).filter(({ containers }) => containers.length > 0);
  return containersBy.length === 0 ? undefined : `must specify ${containersBy.map(({ name, containers }) => `${name} for: ${containers.join(',')}`).join('; ')}`;
}

const changesScope = (before: corev1.Pod, after: corev1.Pod): boolean => hasDeadline(before) !== hasDeadline(after);

/** Pods: their number, and what they ask for as long as they are not over. */
export const podEvaluator: QuotaEvaluator = {
  group: '',
  resource: 'pods',
  chargesUpdates: true,
  // Of a pod that is, only a resize changes what it asks for, and only a deadline its scopes.
  admitsUpdate: (subresource, before, after) => subresource === 'resize' || (subresource === '' && changesScope(before, after)),
  changesScope,
  counts: isCounted,
  matchesScope,
  usage(pod: corev1.Pod, nowMs) {
    const count = [objectCount, quantityOf(1)] as const;
    if (!isPodCharged(pod, nowMs)) return new Map([count]);
    return new Map([count, ...computeUsage(podAmounts(pod, 'requests'), podAmounts(pod, 'limits'))]);
  },
  missing,
};
