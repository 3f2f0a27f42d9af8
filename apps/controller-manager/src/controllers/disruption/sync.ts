import type { corev1, metav1, policyv1 } from '@navarch/api';
import { formatTime, scaledIntOrPercent } from '@navarch/apimachinery';
import { isPodReady } from '@navarch/reconcile';

type Budget = policyv1.PodDisruptionBudget;
type Status = policyv1.PodDisruptionBudgetStatus;

/** An eviction that was allowed and has not begun after this time did not happen. */
const DELETION_TIMEOUT_MS = 120_000;

export interface ObservedBudget {
  readonly budget: Budget;
  /** Those it selects. */
  readonly pods: readonly corev1.Pod[];
  /** How many pods their owners want in all. */
  readonly scale: number;
  readonly nowMs: number;
}

export interface BudgetPlan {
  readonly status: Status;
  /** Pods whose eviction was allowed and did not come. */
  readonly notDeleted: readonly corev1.Pod[];
  /** When the next of the evictions under way is overdue. */
  readonly againAfterMs?: number;
}

/** Whether the owners' sizes matter: a whole number of pods that must be there needs none. */
export function goesByScale({ spec }: Budget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';
}

/** How many evictions a budget allows now. */
export function planBudget(observed: ObservedBudget): BudgetPlan {
  const { budget, pods, nowMs } = observed;
  const { expected, desired } = expectations(observed);
  const { disrupted, notDeleted, againAfterMs } = evictionsUnderWay(observed);
  const healthy = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && disrupted[pod.metadata.name ?? ''] === undefined && isPodReady(pod)).length;
  // A budget that matches no pod yet must not let the first ones go.
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
  const status: Status = {
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    disruptionsAllowed: allowed,
    observedGeneration: budget.metadata.generation ?? 0,
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    conditions: withDisruptionAllowed(budget, allowed > 0 ? 'True' : 'False', allowed > 0 ? 'SufficientPods' : 'InsufficientPods', '', nowMs),
  };
  return { status, notDeleted, ...(againAfterMs === undefined ? {} : { againAfterMs }) };
}

/** No eviction is allowed while it is not known how many there may be. */
export function failedStatus(budget: Budget, message: string, nowMs: number): Status {
  // What it observed last it has still observed last.
  return { ...budget.status, disruptionsAllowed: 0, conditions: withDisruptionAllowed(budget, 'False', 'SyncFailed', message, nowMs, budget.status?.observedGeneration ?? 0) };
}

function expectations({ budget: { spec }, pods, scale }: ObservedBudget): { expected: number; desired: number } {
  if (spec?.maxUnavailable !== undefined) return { expected: scale, desired: Math.max(0, scale - scaledIntOrPercent(spec.maxUnavailable, scale, true)) };
  if (typeof spec?.minAvailable === 'string') return { expected: scale, desired: scaledIntOrPercent(spec.minAvailable, scale, true) };
  // A budget of neither kind lets no pod go, as upstream's getExpectedPodCount.
  return spec?.minAvailable === undefined ? { expected: 0, desired: 0 } : { expected: pods.length, desired: spec.minAvailable };
}

function evictionsUnderWay({ budget, pods, nowMs }: ObservedBudget): { disrupted: Record<string, string>; notDeleted: corev1.Pod[]; againAfterMs?: number } {
  const disrupted: Record<string, string> = {};
  const notDeleted: corev1.Pod[] = [];
  const waits: number[] = [];
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata;
    const since = budget.status?.disruptedPods?.[name];
    if (since === undefined || deletionTimestamp !== undefined) continue;
    const leftMs = Date.parse(since) + DELETION_TIMEOUT_MS - nowMs;
    if (leftMs < 0) notDeleted.push(pod);
    else {
      disrupted[name] = since;
      // A clock that was set may make it longer than it is: it is looked at again before that.
      waits.push(Math.min(leftMs, DELETION_TIMEOUT_MS) + 1);
    }
  }
  return waits.length === 0 ? { disrupted, notDeleted } : { disrupted, notDeleted, againAfterMs: Math.min(...waits) };
}

function withDisruptionAllowed({ metadata, status }: Budget, value: 'False' | 'True', reason: string, message: string, nowMs: number, observedGeneration = metadata.generation): metav1.Condition[] {
  const conditions = status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === 'DisruptionAllowed');
  const lastTransitionTime = known?.status === value ? known.lastTransitionTime : formatTime(nowMs);
  const next: metav1.Condition = { type: 'DisruptionAllowed', status: value, reason, message, observedGeneration: observedGeneration ?? 0, lastTransitionTime };
  return known === undefined ? [...conditions, next] : conditions.map((condition) => (condition === known ? next : condition));
}

/** Milliseconds until a pod that was to be removed, and was not, may be said to stay; undefined for others. */
export function untilDisruptionIsStaleMs({ metadata, status }: corev1.Pod, nowMs: number): number | undefined {
  const target = status?.conditions?.find(({ type, status: value }) => type === 'DisruptionTarget' && value === 'True');
  // A kubelet that empties its node may take any time before the pod is told to go.
  if (target === undefined || target.reason === 'TerminationByKubelet' || metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined;
  return Math.min(DELETION_TIMEOUT_MS, Math.max(0, (Date.parse(target.lastTransitionTime ?? '') || 0) + DELETION_TIMEOUT_MS - nowMs));
}
