import type { corev1, KubeObject, policyv1 } from '@navarch/api';
import { ApiError, forbidden, formatTime } from '@navarch/apimachinery';

export interface Budget extends KubeObject {
  spec?: policyv1.PodDisruptionBudgetSpec;
  status?: policyv1.PodDisruptionBudgetStatus;
}

/** Upstream's limit on pods whose eviction is under way. */
const MAX_DISRUPTED_PODS = 2000;
const RESOURCE = { group: 'policy', resource: 'poddisruptionbudget' } as const;
const VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget.";
const PROCESSING_SECONDS = 10;

function refused(cause: string, retryAfterSeconds: number): ApiError {
  return new ApiError({ code: 429, reason: 'TooManyRequests', message: VIOLATED, details: { causes: [{ reason: 'DisruptionBudget', message: cause }], retryAfterSeconds } });
}

/** The budget has not caught up with itself, or with the pod: who asks again soon may get another answer. */
export function stillProcessing(name: string): ApiError {
  return refused(`The disruption budget ${name} is still being processed by the server.`, PROCESSING_SECONDS);
}

/** No budget protects what is over, not begun or leaving anyway. */
export function needsNoBudget({ metadata, status }: KubeObject & { status?: corev1.PodStatus }): boolean {
  return metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '');
}

const isReady = (pod: { status?: corev1.PodStatus }): boolean => (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');

/** A pod that is not ready counts for nothing: it may go without being counted, always or while enough others are healthy. */
export function goesUncounted(pod: { status?: corev1.PodStatus }, { spec, status }: Budget): boolean {
  if (isReady(pod)) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

function whyNot({ metadata, status }: Budget): string {
  const name = metadata.name ?? '';
  const { currentHealthy = 0, desiredHealthy = 0, conditions = [] } = status ?? {};
  const refusal = conditions.find((condition) => condition.type === 'DisruptionAllowed' && condition.status === 'False' && condition.message !== '');
  // Then its numbers cannot be trusted.
  if (refusal?.reason === 'SyncFailed') return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${refusal.message}`;
  if (currentHealthy <= desiredHealthy) return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return `The disruption budget ${name} does not allow evicting pods currently${refusal === undefined ? '' : ` (${refusal.reason}): ${refusal.message}`}`;
}

/** Takes one disruption off the budget, which is changed. @throws tooManyRequests, forbidden */
export function spendDisruption(budget: Budget, podName: string, nowMs: number): void {
  const name = budget.metadata.name ?? '';
  const status = (budget.status ??= {} as policyv1.PodDisruptionBudgetStatus);
  const generation = budget.metadata.generation ?? 0;
  if ((status.observedGeneration ?? 0) < generation) throw stillProcessing(name);
  const allowed = status.disruptionsAllowed ?? 0;
  if (allowed < 0) throw forbidden(RESOURCE, name, 'pdb disruptions allowed is negative');
  const disrupted = (status.disruptedPods ??= {});
  if (Object.keys(disrupted).length > MAX_DISRUPTED_PODS) throw forbidden(RESOURCE, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (allowed === 0) throw refused(whyNot(budget), 0);
  status.disruptionsAllowed = allowed - 1;
  // The controller must know which pods are on their way out before it counts again.
  disrupted[podName] = formatTime(nowMs);
  if (status.disruptionsAllowed > 0) return;
  const condition = status.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  if (!condition) return;
  if (condition.status !== 'False') condition.lastTransitionTime = formatTime(nowMs);
  Object.assign(condition, { status: 'False', reason: 'InsufficientPods', observedGeneration: status.observedGeneration });
}
