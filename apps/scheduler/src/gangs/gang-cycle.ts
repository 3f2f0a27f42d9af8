import type { ClusterState, Placement, PodInfo, PostFilterResult } from '@navarch/scheduling';
import type { Binder, Decision } from '../binding/binder';
import type { SchedulerProfile } from '../profiles';
import type { Attempt } from '../queue/scheduling-queue';

export type Refused = Placement & { readonly kind: 'refused' };

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

interface PlacedCandidate extends Candidate {
  readonly placement: Placement;
  readonly decision: Decision;
}

interface RefusedCandidate extends Candidate {
  readonly placement: Refused;
}

/**
 * One cycle for all pods of a gang that wait (upstream's pod group cycle): at its end either as many have a place as the gang needs, those that were placed before
 * included, or none of these has. So no two gangs each hold what the other lacks. Where room can be made for the rest, those that have a place wait in Permit until it is.
 * What fails for one of them ends its attempt alone: the others are decided on without it.
 */
export function tryGang(attempts: readonly Attempt[], profile: SchedulerProfile, parts: GangCycleParts): void {
  const { state, binder } = parts;
  /** Does something for each; those for which it fails are tried again. */
  const forEach = <T extends Candidate>(candidates: readonly T[], work: (candidate: T) => void, undo: (candidate: T) => void = () => undefined): void => {
    for (const candidate of candidates) {
      try {
        work(candidate);
      } catch (error) {
        undo(candidate);
        parts.failed(candidate.attempt, profile, candidate.started, error);
      }
    }
  };

  const placed: PlacedCandidate[] = [];
  const refused: RefusedCandidate[] = [];
  for (const attempt of attempts) {
    forEach([{ attempt, started: performance.now() }], ({ started }) => {
      const placement = parts.search(attempt, profile);
      if (placement.kind === 'refused') refused.push({ attempt, started, placement });
      else {
        const decision = { ...attempt, profile, node: placement.node, started };
        // Each sees those before it in their places.
        if (binder.reserve(decision)) placed.push({ attempt, started, placement, decision });
      }
    });
  }
  const keep = (): void => forEach(placed, ({ attempt, placement, decision }) => {
    parts.placed(attempt, profile, placement);
    binder.bind(decision);
  }, ({ decision }) => binder.letGo(decision));

  const gang = attempts[0] && state.gangs.of(attempts[0].pod);
  const have = [...(gang?.members ?? [])].filter((uid) => state.isPlaced(uid)).length;
  const missing = (gang?.minCount ?? 0) - have;
  if (missing <= 0) {
    keep();
    forEach(refused, ({ attempt, placement, started }) => parts.refused(attempt, profile, placement, parts.makeRoom(attempt.pod, profile, placement), started));
    return;
  }

  /** How many of the refused may still come to have room. */
  let possible = refused.length;
  const rooms: (RefusedCandidate & { readonly room: PostFilterResult })[] = [];
  // Room that was made in a cycle before is looked after in any case: it is under way still, or of no use any more.
  const isNominated = ({ attempt: { pod } }: RefusedCandidate): boolean => state.nominations.nodeOf(pod) !== '';
  for (const candidate of [...refused.filter(isNominated), ...refused.filter((other) => !isNominated(other))]) {
    if (possible < missing && !isNominated(candidate)) {
      // Looking for room takes long, and there would not be enough of it all the same.
      rooms.push({ ...candidate, room: { message: '' } });
      continue;
    }
    const { attempt: { pod }, placement } = candidate;
    possible--;
    forEach([candidate], () => {
      const room = parts.makeRoom(pod, profile, placement);
      // What was found for one is not there for the next.
      if (room.nominated !== undefined) state.nominations.set(pod, room.nominated.node);
      rooms.push({ ...candidate, room });
      if (room.nominated !== undefined || room.underWay === true) possible++;
    });
  }
  if (possible >= missing) {
    keep();
    forEach(rooms, ({ attempt, placement, started, room }) => parts.refused(attempt, profile, placement, room, started));
    return;
  }

  // All of it is free again before anybody is told.
  const free = [...placed].reverse();
  for (const { decision } of free) binder.letGo(decision);
  for (const { attempt, room } of rooms) if (room.nominated !== undefined) state.nominations.delete(attempt.pod.uid);
  forEach(free, ({ attempt, placement, started }) => parts.alone(attempt, profile, placement, waitsForOthers, started));
  // Nobody has to go for a gang that would not have enough all the same.
  forEach(rooms, ({ attempt, placement, started, room: { nominated, candidates: _others, ...room } }) =>
    parts.refused(attempt, profile, placement, nominated === undefined ? room : { ...room, clearNomination: true }, started),
  );
}
