import type { appsv1, corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { isPodAvailable, isPodReady, rankForDeletion, untilAvailableMs } from '@navarch/reconcile';

/** Most pods made or removed in one go, as upstream's BurstReplicas. */
const BURST = 500;

export interface ObservedReplicaSet {
  readonly replicaSet: appsv1.ReplicaSet;
  /** Its pods that are neither over nor on their way out. */
  readonly active: readonly corev1.Pod[];
  /** Active pods of all ReplicaSets of the same owner: doubled on a node goes first. */
  readonly related: readonly corev1.Pod[];
  readonly nowMs: number;
}

export interface ReplicaSetPlan {
  readonly create: number;
  readonly remove: readonly corev1.Pod[];
  /** There is more to do than one go may do. */
  readonly more: boolean;
}

/** Decides how many pods to make, or which to remove. */
export function planReplicaSet({ replicaSet, active, related, nowMs }: ObservedReplicaSet): ReplicaSetPlan {
  if (replicaSet.metadata.deletionTimestamp !== undefined) return { create: 0, remove: [], more: false };
  const missing = (replicaSet.spec?.replicas ?? 1) - active.length;
  const more = Math.abs(missing) > BURST;
  if (missing >= 0) return { create: Math.min(missing, BURST), remove: [], more };
  const onNode = new Map<string, number>();
  for (const { spec } of related) onNode.set(spec?.nodeName ?? '', (onNode.get(spec?.nodeName ?? '') ?? 0) + 1);
  const rank = ({ spec }: corev1.Pod): number => onNode.get(spec?.nodeName ?? '') ?? 0;
  return { create: 0, remove: rankForDeletion(active, rank, nowMs).slice(0, Math.min(-missing, BURST)), more };
}

export interface StatusFacts extends Omit<ObservedReplicaSet, 'related'> {
  readonly terminating: number;
  /** What went wrong when pods were made or removed. */
  readonly failure?: { readonly reason: 'FailedCreate' | 'FailedDelete'; readonly message: string };
}

/** What the status should say. */
export function replicaSetStatus({ replicaSet, active, terminating, failure, nowMs }: StatusFacts): appsv1.ReplicaSetStatus {
  const { spec, status: before, metadata } = replicaSet;
  const templateLabels = Object.entries(spec?.template?.metadata?.labels ?? {});
  const counts = {
    fullyLabeledReplicas: active.filter(({ metadata: { labels = {} } }) => templateLabels.every(([name, value]) => labels[name] === value)).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: active.filter((pod) => isPodAvailable(pod, spec?.minReadySeconds ?? 0, nowMs)).length,
    observedGeneration: metadata.generation ?? 0,
  };
  const conditions = conditionsAfter(before?.conditions ?? [], failure, nowMs);
  return {
    replicas: active.length,
    terminatingReplicas: terminating,
    ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0)),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** When a ready pod becomes available by the passing of time alone. */
export function nextAvailabilityMs({ replicaSet, active, nowMs }: Omit<ObservedReplicaSet, 'related'>): number | undefined {
  const waits = active.map((pod) => untilAvailableMs(pod, replicaSet.spec?.minReadySeconds ?? 0, nowMs)).filter((ms) => ms !== undefined);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

function conditionsAfter(before: readonly appsv1.ReplicaSetCondition[], failure: StatusFacts['failure'], nowMs: number): appsv1.ReplicaSetCondition[] {
  const known = before.find(({ type }) => type === 'ReplicaFailure');
  if (failure === undefined) return before.filter((condition) => condition !== known);
  // The first failure stays until all is well: conditions must not flap.
  if (known !== undefined) return [...before];
  return [...before, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: formatTime(nowMs), ...failure }];
}
