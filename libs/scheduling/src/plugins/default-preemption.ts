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
      if (pod.spec.preemptionPolicy === 'Never') return { message: 'preemption: not eligible due to preemptionPolicy=Never.' };
      if (!unresolvable && isBeingMadeRoomFor(pod, nominated, state)) return { underWay: true, message: 'preemption: not eligible due to a terminating pod on the nominated node.' };
      const { candidates, refusals } = findCandidates(pod, state, found, args);
      const best = pickCandidate(candidates);
      if (best === undefined) return { clearNomination: true, message: `preemption: ${fitMessage({ nodes: found.diagnosis.nodes, refusals })}` };
      return { nominated: best, candidates, message: '' };
    },
  };
}

/** The pods that make room for it are on their way out already (upstream's PodEligibleToPreemptOthers). */
function isBeingMadeRoomFor(pod: PodInfo, nominated: string, state: ClusterState): boolean {
  if (nominated === '') return false;
  for (const other of state.node(nominated)?.pods.values() ?? []) {
    if (other.priority < pod.priority && isBeingPreempted(other)) return true;
  }
  return false;
}

function isBeingPreempted({ pod, terminating }: PodInfo): boolean {
  return terminating && pod.status?.conditions?.some(({ type, status, reason }) => type === 'DisruptionTarget' && status === 'True' && reason === 'PreemptionByScheduler') === true;
}
