import type { ClusterState, Placement, PodInfo, PostFilterResult } from '@navarch/scheduling';
import type { Binder, Decision } from '../binding/binder';
import type { SchedulerProfile } from '../profiles';
import type { Attempt } from '../queue/scheduling-queue';

type Refused = Placement & { readonly kind: 'refused' };

/** Who waits for the others of its gang is told so in upstream's words. */
const waitsForOthers = 'waiting for minCount pods from a gang to be scheduled';

/** What a cycle of one pod consists of, for a cycle of many. */
export interface GangCycleParts {
  readonly state: Pick<ClusterState, 'gangs' | 'isPlaced' | 'nominations'>;
  readonly binder: Pick<Binder, 'reserve' | 'bind' | 'letGo'>;
  readonly search: (attempt: Attempt, profile: SchedulerProfile) => Placement;
  readonly placed: (attempt: Attempt, profile: SchedulerProfile, placement: Placement) => void;
  readonly makeRoom: (pod: PodInfo, profile: SchedulerProfile, placement: Refused) => PostFilterResult;
  readonly refused: (attempt: Attempt, profile: SchedulerProfile, placement: Refused, room: PostFilterResult, started: number) => void;
  /** A pod that had a place, and whose gang had not enough of them. */
  readonly alone: (attempt: Attempt, profile: SchedulerProfile, placement: Placement, reason: string, started: number) => void;
  /** Something failed that is not the pod's fault. */
  readonly failed: (attempt: Attempt, profile: SchedulerProfile, started: number, error: unknown) => void;
}

interface Candidate {
  readonly attempt: Attempt;
  readonly started: number;
}

/**
 * One cycle for all pods of a gang that wait (upstream's pod group cycle): at its end either as many have a place as the gang needs, those that were placed before
 * included, or none of these has. So no two gangs each hold what the other lacks. Where room can be made for the rest, those that have a place wait in Permit until it is.
 */
export function tryGang(attempts: readonly Attempt[], profile: SchedulerProfile, parts: GangCycleParts): void {
  const { state, binder } = parts;
  const placed: (Candidate & { readonly placement: Placement; readonly decision: Decision })[] = [];
  const refused: (Candidate & { readonly placement: Refused })[] = [];
  for (const attempt of attempts) {
    const started = performance.now();
    try {
      const placement = parts.search(attempt, profile);
      if (placement.kind === 'refused') refused.push({ attempt, started, placement });
      else {
        const decision = { ...attempt, profile, node: placement.node, started };
        // Each sees those before it in their places.
        if (binder.reserve(decision)) placed.push({ attempt, started, placement, decision });
      }
    } catch (error) {
      parts.failed(attempt, profile, started, error);
    }
  }
  const keep = (): void => {
    for (const { attempt, placement, decision } of placed) {
      parts.placed(attempt, profile, placement);
      binder.bind(decision);
    }
  };
  const gang = attempts[0] && state.gangs.of(attempts[0].pod);
  const have = [...(gang?.members ?? [])].filter((uid) => state.isPlaced(uid)).length;
  const missing = (gang?.minCount ?? 0) - have;
  if (missing <= 0) {
    keep();
    for (const { attempt, placement, started } of refused) parts.refused(attempt, profile, placement, parts.makeRoom(attempt.pod, profile, placement), started);
    return;
  }

  const rooms = refused.map((candidate) => {
    const { attempt: { pod }, placement } = candidate;
    const room = parts.makeRoom(pod, profile, placement);
    // What was found for one is not there for the next.
    if (room.nominated !== undefined) state.nominations.set(pod, room.nominated.node);
    return { ...candidate, room };
  });
  if (rooms.filter(({ room }) => room.nominated !== undefined || room.underWay === true).length >= missing) {
    keep();
    for (const { attempt, placement, started, room } of rooms) parts.refused(attempt, profile, placement, room, started);
    return;
  }
  for (const { attempt, placement, started, decision } of [...placed].reverse()) {
    binder.letGo(decision);
    parts.alone(attempt, profile, placement, waitsForOthers, started);
  }
  for (const { attempt, placement, started, room: { nominated, candidates: _others, ...room } } of rooms) {
    if (nominated !== undefined) state.nominations.delete(attempt.pod.uid);
    // Nobody has to go for a gang that would not have enough all the same.
    parts.refused(attempt, profile, placement, room, started);
  }
}
