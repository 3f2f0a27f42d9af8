import type { NodeRefusal, Placement, PodInfo } from '@navarch/scheduling';

/** One decision with all that was said on the way. */
export interface RecordedDecision {
  readonly pod: PodInfo;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly profile: string;
  readonly attempt: number;
  readonly placement: Placement;
  /** The reason as the pod's condition says it. */
  readonly message: string;
}

/** Every node's part in one decision. */
export interface Explanation {
  readonly pod: string;
  readonly uid: string;
  readonly time: string;
  readonly profile: string;
  readonly attempt: number;
  readonly node?: string;
  readonly message?: string;
  readonly nodes: readonly ExplainedNode[];
}

export interface ExplainedNode {
  readonly name: string;
  /** Absent if no plug-in refused it. */
  readonly refusedBy?: string;
  readonly reasons?: readonly string[];
  readonly preemptionMayHelp?: boolean;
  readonly total?: number;
  /** By plug-in: the score from 0 to 100 and its weight. */
  readonly scores?: Readonly<Record<string, { readonly score: number; readonly weight: number }>>;
}

/** The latest decisions, of which one per pod is found again by its name. */
export class DecisionLog {
  readonly #ring: (RecordedDecision | undefined)[];
  #next = 0;

  constructor(private readonly size: number) {
    this.#ring = new Array<RecordedDecision | undefined>(size);
  }

  record(decision: RecordedDecision): void {
    if (this.size === 0) return;
    this.#ring[this.#next] = decision;
    this.#next = (this.#next + 1) % this.size;
  }

  /** The latest first. */
  *recent(): Generator<RecordedDecision> {
    for (let back = 1; back <= this.size; back++) {
      const decision = this.#ring[(this.#next - back + this.size) % this.size];
      if (decision === undefined) return;
      yield decision;
    }
  }

  /** The latest decision about a pod of this name, or of this uid. */
  find(pod: { readonly namespace: string; readonly name: string } | { readonly uid: string }): RecordedDecision | undefined {
    for (const decision of this.recent()) {
      if ('uid' in pod ? decision.pod.uid === pod.uid : decision.pod.namespace === pod.namespace && decision.pod.name === pod.name) return decision;
    }
    return undefined;
  }
}

/** Spells a decision out. */
export function explain({ pod, at, profile, attempt, placement, message }: RecordedDecision): Explanation {
  const { search } = placement;
  return {
    pod: `${pod.namespace}/${pod.name}`, uid: pod.uid, time: new Date(at).toISOString(), profile, attempt,
    ...(placement.kind === 'placed' ? { node: placement.node } : { message }),
    nodes: [...(placement.kind === 'placed' ? scored(placement) : []), ...search.refusals.map(refused)],
  };
}

const refused = ({ node, plugin, reasons, unresolvable }: NodeRefusal): ExplainedNode => ({ name: node, refusedBy: plugin, reasons, preemptionMayHelp: !unresolvable });

/** The best first. */
function scored({ ranking: { nodes, parts, totals } }: Placement & { kind: 'placed' }): ExplainedNode[] {
  return nodes
    .map((node, index): ExplainedNode & { total: number } => ({
      name: node.name, total: totals[index] ?? 0,
      scores: Object.fromEntries(parts.map(({ plugin, weight, scores }) => [plugin, { score: scores[index] ?? 0, weight }])),
    }))
    .sort((a, b) => b.total - a.total);
}
