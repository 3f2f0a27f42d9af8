import type { FailedSearch } from '../framework';
import type { NodeRefusal } from '../cycle/diagnosis';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';
import { selectVictims, type Candidate } from './select-victims';

export interface PreemptionArgs {
  /** Part of the nodes on which preemption is tried, in percent. */
  readonly minCandidateNodesPercentage?: number;
  readonly minCandidateNodesAbsolute?: number;
}

const notHelpful = 'Preemption is not helpful for scheduling';

/** Tries preemption on nodes, from a random one on, until there are enough to choose from. */
export function findCandidates(
  pod: PodInfo,
  state: ClusterState,
  { diagnosis, ask, random }: FailedSearch,
  { minCandidateNodesPercentage = 10, minCandidateNodesAbsolute = 100 }: PreemptionArgs,
): { candidates: Candidate[]; refusals: NodeRefusal[] } {
  // Nodes that were not looked at, because others had been found before an extender refused them all, are none of those.
  const resolvable = new Set(diagnosis.refusals.filter(({ unresolvable }) => !unresolvable).map(({ node }) => node));
  const potential = state.nodes.filter(({ name }) => resolvable.has(name));
  const refusals = state.nodes
    .filter(({ name }) => !resolvable.has(name))
    .map(({ name }): NodeRefusal => ({ node: name, plugin: 'DefaultPreemption', reasons: [notHelpful], unresolvable: true }));
  const wanted = Math.min(Math.max(Math.trunc((potential.length * minCandidateNodesPercentage) / 100), minCandidateNodesAbsolute), potential.length);
  const candidates: Candidate[] = [];
  const offset = Math.trunc(random() * potential.length);
  let withoutViolation = 0;
  for (let tried = 0; tried < potential.length; tried++) {
    // Upstream goes on while every candidate breaks a budget.
    if (candidates.length >= wanted && withoutViolation > 0) break;
    const node = potential[(offset + tried) % potential.length];
    if (node === undefined) break;
    const found = selectVictims(pod, node, state, ask);
    if ('reasons' in found) refusals.push({ node: node.name, plugin: 'DefaultPreemption', ...found });
    else {
      candidates.push(found);
      if (found.violations === 0) withoutViolation += 1;
    }
  }
  return { candidates, refusals };
}
