import type { ClusterState, Placement, PostFilterResult } from '@navarch/scheduling';
import type { Binder } from '../binding/binder';
import type { PodReporter } from '../pod-reporter';
import type { Profiles, SchedulerProfile } from '../profiles';
import type { Attempt, SchedulingQueue } from '../queue/scheduling-queue';
import type { SchedulerMetrics } from '../scheduler-metrics';
import { tryGang, type GangCycleParts, type Refused } from './gang-cycle';

export interface GangCyclesDeps extends Pick<GangCycleParts, 'makeRoom' | 'failed'> {
  readonly state: ClusterState;
  readonly queue: Pick<SchedulingQueue, 'popThese' | 'park'>;
  readonly binder: Binder;
  readonly profiles: Profiles;
  readonly metrics: SchedulerMetrics;
  readonly reporter: Pick<PodReporter, 'unschedulable'>;
  readonly search: (attempt: Attempt, profile: SchedulerProfile) => Placement;
  readonly record: (attempt: Attempt, profile: SchedulerProfile, placement: Placement, message: string) => void;
  readonly refused: (attempt: Attempt, profile: SchedulerProfile, placement: Refused, room: PostFilterResult) => void;
}

/** Tries pods with their gangs: what a scheduler does with one pod, it does here with all of them. */
export class GangCycles {
  constructor(private readonly deps: GangCyclesDeps) {}

  /** A profile with parts in other processes tries the pods of a gang one by one. */
  concern({ pod }: Attempt, { profile, externals }: SchedulerProfile): boolean {
    if (externals.length > 0 || !profile.permit.some(({ name }) => name === 'GangScheduling')) return false;
    return (this.deps.state.gangs.of(pod)?.minCount ?? 0) > 1;
  }

  /** A pod is tried with all of its gang that wait, the most important first, then those that came first. @returns how many they were */
  try(first: Attempt, profile: SchedulerProfile): number {
    const { state, binder, queue, profiles, metrics, reporter, search, record, makeRoom, refused, failed } = this.deps;
    const { schedulerName } = profile.profile;
    const ended = (started: number): void => metrics.attempt('unschedulable', schedulerName, performance.now() - started);
    const others = queue.popThese(state.gangs.of(first.pod)?.members ?? [], ({ spec }) => profiles.get(spec.schedulerName) === profile);
    const attempts = [first, ...others].sort((a, b) => b.pod.priority - a.pod.priority || a.since - b.since);
    tryGang(attempts, profile, {
      state, binder, search, makeRoom, failed,
      placed: (attempt, _profile, placement) => record(attempt, profile, placement, ''),
      refused: (attempt, _profile, placement, room, started) => {
        ended(started);
        refused(attempt, profile, placement, room);
      },
      alone: (attempt, _profile, placement, reason, started) => {
        const { pod } = attempt;
        ended(started);
        record(attempt, profile, placement, reason);
        state.nominations.delete(pod.uid);
        queue.park(pod, ['GangScheduling']);
        void reporter.unschedulable(pod.pod, reason, '');
      },
    });
    return attempts.length;
  }
}
