import type { FailedSearch, Refusal } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { refusal } from '../framework';
import { splitByBudgets } from './disruption-budgets';
import { byImportance } from './importance';

/** A node on which room can be made. */
export interface Candidate {
  readonly node: string;
  /** The most important first. */
  readonly victims: readonly PodInfo[];
  /** How many of them a PodDisruptionBudget protects. */
  readonly violations: number;
}

const nobody = refusal('No preemption victims found for incoming pod', true);

/** The fewest and least important pods whose removal lets the pod in, sparing budgets where that is possible. */
export function selectVictims(pod: PodInfo, node: NodeInfo, state: ClusterState, ask: FailedSearch['ask']): Candidate | Refusal {
  const lesser = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lesser.length === 0) return nobody;
  const fitsWithout = (victims: readonly PodInfo[]): Refusal | undefined => state.hypothetically(node, { without: victims }, () => ask(node));
  const refused = fitsWithout(lesser);
  if (refused !== undefined) return refused;
  const { violating, others } = splitByBudgets([...lesser].sort(byImportance), state.objects.budgets.list());
  const victims = new Set(lesser);
  // Each is let live if the pod fits all the same; those that a budget protects are asked first.
  for (const candidate of [...violating, ...others]) {
    victims.delete(candidate);
    if (fitsWithout([...victims]) !== undefined) victims.add(candidate);
  }
  // It was refused by who is not asked here, such as an extender: nobody's removal helps (upstream's Evaluator.DryRunPreemption).
  if (victims.size === 0) return refusal(`expected at least one victim pod on node "${node.name}"`);
  return { node: node.name, victims: [...victims].sort(byImportance), violations: violating.filter((candidate) => victims.has(candidate)).length };
}
