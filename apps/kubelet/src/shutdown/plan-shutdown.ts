import { type corev1 } from '@navarch/api';

/** How long the pods of at least a priority have to end. */
export interface PriorityGrace {
  readonly priority: number;
  readonly graceMs: number;
}

export interface ShutdownStep<T> {
  readonly pods: readonly T[];
  readonly graceMs: number;
}

const systemCritical = 2_000_000_000;

/** Upstream's two flags as graces by priority: critical pods last. Empty: pods are left running. */
export function gracesFromPeriods(totalMs: number, criticalMs: number): PriorityGrace[] {
  if (totalMs <= 0) return [];
  if (criticalMs > totalMs) throw new Error('--shutdown-grace-period-critical-pods must not be longer than --shutdown-grace-period');
  return [{ priority: 0, graceMs: totalMs - criticalMs }, { priority: systemCritical, graceMs: criticalMs }];
}

/** Steps of a shutdown, the least important pods first; each pod belongs to the highest grace that its priority reaches. */
export function planShutdown<T extends { readonly pod: corev1.Pod }>(pods: readonly T[], graces: readonly PriorityGrace[]): ShutdownStep<T>[] {
  const sorted = [...graces].sort((a, b) => a.priority - b.priority);
  const groups = sorted.map(({ graceMs }): { pods: T[]; graceMs: number } => ({ pods: [], graceMs }));
  for (const entry of pods) {
    const priority = entry.pod.spec?.priority ?? 0;
    // Below the lowest, the lowest counts.
    const index = Math.max(0, sorted.findLastIndex((grace) => grace.priority <= priority));
    groups[index]?.pods.push(entry);
  }
  return groups.filter((group) => group.pods.length > 0);
}
