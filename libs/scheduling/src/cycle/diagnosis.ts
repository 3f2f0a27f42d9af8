/** Why one node does not take a pod. */
export interface NodeRefusal {
  readonly node: string;
  readonly plugin: string;
  readonly reasons: readonly string[];
  /** Removing pods from the node would not help. */
  readonly unresolvable: boolean;
}

/** Why no node takes a pod. */
export interface Diagnosis {
  readonly nodes: number;
  readonly refusals: readonly NodeRefusal[];
  /** Said of the pod before any node was looked at. */
  readonly preFilter?: string;
  /** Plug-ins that refused: only what can help them makes a retry worthwhile. */
  readonly refusedBy: readonly string[];
}

export const noNodes = 'no nodes available to schedule pods';

/** Counts each reason over the nodes. */
export function countReasons(refusals: readonly Pick<NodeRefusal, 'reasons'>[]): string {
  const counts = new Map<string, number>();
  for (const refused of refusals) for (const reason of refused.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).sort().join(', ');
}

/** In upstream's form (framework.FitError), as it stands in the pod's condition and event. */
export function fitMessage({ nodes, refusals, preFilter = '' }: Pick<Diagnosis, 'nodes' | 'refusals' | 'preFilter'>, postFilter = ''): string {
  if (nodes === 0) return noNodes;
  const reasons = preFilter === '' ? countReasons(refusals) : preFilter;
  return `0/${nodes} nodes are available:${reasons === '' ? '' : ` ${reasons}.`}${postFilter === '' ? '' : ` ${postFilter}`}`;
}
