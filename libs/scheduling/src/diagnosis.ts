import type { NodeRefusal } from './schedule-pod';

/** Why no node takes a pod. */
export interface Diagnosis {
  /** As it stands in the pod's condition and event. */
  readonly message: string;
  /** Plug-ins that refused: only what can help them makes a retry worthwhile. */
  readonly refusedBy: readonly string[];
  readonly unresolvable: boolean;
}

/** Counts each reason over the nodes, in upstream's form (framework.FitError). */
export function diagnose(nodes: number, refusals: readonly NodeRefusal[]): Diagnosis {
  const counts = new Map<string, number>();
  for (const refused of refusals) for (const reason of refused.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return {
    message: nodes === 0 ? 'no nodes available to schedule pods' : `0/${nodes} nodes are available: ${reasons.join(', ')}.`,
    refusedBy: [...new Set(refusals.map((refused) => refused.plugin))],
    unresolvable: refusals.every((refused) => refused.unresolvable),
  };
}
