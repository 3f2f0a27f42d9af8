import type { Logger } from '@navarch/component-base';
import { pickCandidate, type Candidate, type ClusterState, type PodInfo } from '@navarch/scheduling';
import type { ExternalPlugin } from './external-plugin';

export interface RoomQuestion {
  readonly state: ClusterState;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Asks every plug-in in another process once about all nodes on which room could be made; each leaves, or changes, those that it accepts, for the next.
 * The least harmful of the rest, or why there is none (upstream's callExtenders and SelectCandidate). Never rejects.
 */
export async function askAboutRoom(pod: PodInfo, candidates: readonly Candidate[], externals: readonly ExternalPlugin[], question: RoomQuestion): Promise<Candidate | { readonly declined: string }> {
  let left = candidates;
  for (const external of externals) {
    if (external.preempt === undefined) continue;
    try {
      left = withVictims(await external.preempt(pod, left, question.state, question.signal), external.ignorable);
    } catch (error) {
      if (!external.ignorable) return { declined: error instanceof Error ? error.message : String(error) };
      question.log.warn({ plugin: external.name, err: error }, 'a plug-in in another process failed and is ignored');
    }
    if (left.length === 0) break;
  }
  return pickCandidate(left) ?? { declined: 'no candidate node for preemption' };
}

/** Room is made by asking somebody to go: of one that may be ignored, nodes without victims are left out. */
function withVictims(answered: readonly Candidate[], ignorable: boolean): readonly Candidate[] {
  const empty = answered.find(({ victims }) => victims.length === 0);
  if (empty !== undefined && !ignorable) throw new Error(`expected at least one victim pod on node "${empty.node}"`);
  return answered.filter(({ victims }) => victims.length > 0);
}
