import { always, type PostFilterResult, type SchedulerPlugin } from '../framework';
import { fitMessage } from '../cycle/diagnosis';
import { findCandidates, type PreemptionArgs } from '../preemption/find-candidates';
import { pickCandidate } from '../preemption/pick-candidate';
import type { ClusterState } from '../state/cluster-state';
import type { PodInfo } from '../state/pod-info';

/** Makes room for a pod by removing less important ones, where that does the least harm. */
export function defaultPreemption(args: PreemptionArgs = {}): SchedulerPlugin {
  return {
    name: 'DefaultPreemption',
    hints: { AssignedPodDelete: always },
    postFilter: (pod, state, found): PostFilterResult => {
      const nominated = state.nominations.nodeOf(pod);
      const unresolvable = found.diagnosis.refusals.some(({ node, unresolvable: never }) => never && node === nominated);
      const ineligible = whyNotEligible(pod, state, unresolvable ? '' : nominated);
      if (ineligible !== undefined) return { message: `preemption: ${ineligible}` };
      const { candidates, refusals } = findCandidates(pod, state, found, args);
      const best = pickCandidate(candidates);
      if (best === undefined) return { clearNomination: true, message: `preemption: ${fitMessage({ nodes: found.diagnosis.nodes, refusals })}` };
      return { nominated: best, candidates, message: '' };
    },
  };
}

/** Why a pod may not make others go (upstream's PodEligibleToPreemptOthers). */
function whyNotEligible(pod: PodInfo, state: ClusterState, nominated: string): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  if (nominated === '') return undefined;
  // The pods that make room for it are on their way out already.
  for (const other of state.node(nominated)?.pods.values() ?? []) {
    if (other.priority < pod.priority && isBeingPreempted(other)) return 'not eligible due to a terminating pod on the nominated node.';
  }
  return undefined;
}

function isBeingPreempted({ pod, terminating }: PodInfo): boolean {
  return terminating && pod.status?.conditions?.some(({ type, status, reason }) => type === 'DisruptionTarget' && status === 'True' && reason === 'PreemptionByScheduler') === true;
}
