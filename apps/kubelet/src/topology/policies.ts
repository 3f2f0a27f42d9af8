import { countOf, type NumaMask } from './numa-mask';
import { choices, mergeHints, type NumaDistances, type ResourceHints, type TopologyHint } from './topology-hint';

export const topologyPolicies = ['none', 'best-effort', 'restricted', 'single-numa-node'] as const;
/** Upstream's --topology-manager-policy. */
export type TopologyPolicy = (typeof topologyPolicies)[number];

export const topologyScopes = ['container', 'pod'] as const;
/** Upstream's --topology-manager-scope: what is kept together. */
export type TopologyScope = (typeof topologyScopes)[number];

export interface TopologyDecision {
  readonly hint: TopologyHint;
  readonly admit: boolean;
}

/** From where something should get all it asks for, and whether it may begin at all; `distances`: given where of as many banks the closest are wanted. */
export function decideTopology(policy: TopologyPolicy, providers: readonly ResourceHints[], allNodes: NumaMask, distances?: NumaDistances): TopologyDecision {
  switch (policy) {
    case 'none': return { hint: { affinity: undefined, preferred: true }, admit: true };
    case 'best-effort': return { hint: mergeHints(choices(providers), allNodes, distances), admit: true };
    case 'restricted': {
      const hint = mergeHints(choices(providers), allNodes, distances);
      return { hint, admit: hint.preferred };
    }
    case 'single-numa-node': {
      const single = choices(providers).map((list) => list.filter(({ affinity, preferred }) => preferred && (affinity === undefined || countOf(affinity) === 1)));
      const hint = mergeHints(single, allNodes, distances);
      // All of several banks means that nobody minds: then it is none in particular.
      return { hint: hint.affinity === allNodes && countOf(allNodes) > 1 ? { ...hint, affinity: undefined } : hint, admit: hint.preferred };
    }
  }
}
