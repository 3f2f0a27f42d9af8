import type { corev1 } from '@navarch/api';
import { isPodReady, podCondition } from './pod-conditions';

const COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

interface Facts {
  readonly pod: corev1.Pod;
  readonly ready: boolean;
  readonly readySince: string | undefined;
  readonly rank: number;
  readonly restarts: { readonly containers: number; readonly sidecars: number };
}

/** Negative if the first goes first. */
type Order = (a: Facts, b: Facts) => number;

/**
 * Orders pods so that those whose loss hurts least come first, as upstream's ActivePodsWithRanks
 * (pkg/controller/controller_utils.go). `rank` is how many related pods share the pod's node.
 */
export function rankForDeletion(pods: readonly corev1.Pod[], rank: (pod: corev1.Pod) => number, nowMs: number): corev1.Pod[] {
  const younger = (since: (facts: Facts) => string | undefined): Order => (a, b) => byMagnitude(since(a), since(b), nowMs) || byUid(a, b, since);
  return sorted(pods, rank, [...byProgress, (a, b) => deletionCost(a.pod) - deletionCost(b.pod), (a, b) => b.rank - a.rank, whereReady(younger(readySince)), moreRestarts, younger(createdAt)]);
}

/** The same where neither costs nor nodes count, and times are compared as they are: upstream's ActivePods. */
export function rankActivePods(pods: readonly corev1.Pod[]): corev1.Pod[] {
  const younger = (since: (facts: Facts) => string | undefined): Order => (a, b) => byTime(since(a), since(b));
  return sorted(pods, () => 0, [...byProgress, whereReady(younger(readySince)), moreRestarts, younger(createdAt)]);
}

const createdAt = ({ pod }: Facts): string | undefined => pod.metadata.creationTimestamp;
const readySince = (facts: Facts): string | undefined => facts.readySince;
const isAssigned = ({ spec }: corev1.Pod): boolean => spec?.nodeName !== undefined && spec.nodeName !== '';
const phaseOf = ({ status }: corev1.Pod): number => PHASES[status?.phase ?? 'Pending'] ?? 0;

const byProgress: readonly Order[] = [
  (a, b) => Number(isAssigned(a.pod)) - Number(isAssigned(b.pod)),
  (a, b) => phaseOf(a.pod) - phaseOf(b.pod),
  (a, b) => Number(a.ready) - Number(b.ready),
];
const whereReady = (order: Order): Order => (a, b) => (a.ready && b.ready ? order(a, b) : 0);
const moreRestarts: Order = (a, b) => b.restarts.containers - a.restarts.containers || b.restarts.sidecars - a.restarts.sidecars;

function sorted(pods: readonly corev1.Pod[], rank: (pod: corev1.Pod) => number, orders: readonly Order[]): corev1.Pod[] {
  const facts = pods.map((pod): Facts => ({ pod, ready: isPodReady(pod), readySince: podCondition(pod, 'Ready')?.lastTransitionTime, rank: rank(pod), restarts: restartsOf(pod) }));
  const firstDifference: Order = (a, b) => {
    for (const order of orders) {
      const difference = order(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  return facts.sort(firstDifference).map(({ pod }) => pod);
}

function deletionCost(pod: corev1.Pod): number {
  const cost = pod.metadata.annotations?.[COST_ANNOTATION];
  return cost !== undefined && /^(0|-?[1-9][0-9]*)$/.test(cost) ? Number(cost) : 0;
}

function restartsOf({ spec, status }: corev1.Pod): Facts['restarts'] {
  const sidecars = new Set(spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
  const highest = (statuses: readonly corev1.ContainerStatus[]): number => Math.max(0, ...statuses.map(({ restartCount }) => restartCount));
  return {
    containers: highest(status?.containerStatuses ?? []),
    sidecars: highest((status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))),
  };
}

/** The later goes first; an unknown time is the latest. */
function byTime(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined);
  return Date.parse(b) - Date.parse(a);
}

/** The same, but ages of the same order of magnitude count as equal (upstream's logarithmicRankDiff). */
function byMagnitude(a: string | undefined, b: string | undefined, nowMs: number): number {
  return a === undefined || b === undefined ? byTime(a, b) : magnitude(nowMs - Date.parse(a)) - magnitude(nowMs - Date.parse(b));
}

/** Ages differ by less than that: then it is left to chance, that is to the uids, and nothing else counts. */
function byUid(a: Facts, b: Facts, since: (facts: Facts) => string | undefined): number {
  if (byTime(since(a), since(b)) === 0) return 0;
  return (a.pod.metadata.uid ?? '') < (b.pod.metadata.uid ?? '') ? -1 : 1;
}

/** Powers of two of nanoseconds. */
const magnitude = (ageMs: number): number => (ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1);
