import type { corev1 } from '@navarch/api';
import { podCondition } from '@navarch/reconcile';
import type { PodMetrics } from './metrics-client';

export interface ReadinessRules {
  /** After its start the processor time of a pod may be that of its start. */
  readonly cpuInitializationMs: number;
  /** A pod that was never ready within this time after its start has never been ready. */
  readonly initialReadinessDelayMs: number;
  readonly nowMs: number;
}

export interface PodGroups {
  readonly ready: number;
  /** Not yet, or no longer: what they use says nothing. */
  readonly unready: readonly string[];
  /** Without a metric. */
  readonly missing: readonly string[];
  /** Failed or on their way out. */
  readonly ignored: readonly string[];
}

/** Sorts pods by what their metrics are worth. */
export function groupPods(pods: readonly corev1.Pod[], metrics: PodMetrics, resource: string, rules: ReadinessRules): PodGroups {
  const groups = { ready: 0, unready: [] as string[], missing: [] as string[], ignored: [] as string[] };
  for (const pod of pods) {
    const { name = '' } = pod.metadata;
    if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Failed') groups.ignored.push(name);
    else if (pod.status?.phase === 'Pending') groups.unready.push(name);
    else if (!metrics.has(name)) groups.missing.push(name);
    else if (resource === 'cpu' && isUnready(pod, metrics, rules)) groups.unready.push(name);
    else groups.ready++;
  }
  return groups;
}

function isUnready(pod: corev1.Pod, metrics: PodMetrics, { cpuInitializationMs, initialReadinessDelayMs, nowMs }: ReadinessRules): boolean {
  const ready = podCondition(pod, 'Ready');
  const metric = metrics.get(pod.metadata.name ?? '');
  if (ready === undefined || pod.status?.startTime === undefined || metric === undefined) return true;
  const startMs = Date.parse(pod.status.startTime);
  const sinceMs = Date.parse(ready.lastTransitionTime ?? '') || 0;
  // While it starts, only a whole window since it became ready counts.
  if (startMs + cpuInitializationMs > nowMs) return ready.status === 'False' || metric.timestampMs < sinceMs + metric.windowMs;
  return ready.status === 'False' && startMs + initialReadinessDelayMs > sinceMs;
}
