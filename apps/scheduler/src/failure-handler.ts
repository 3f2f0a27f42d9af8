import { resource, type resourcev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import type { Logger } from '@navarch/component-base';
import { deleteClaim, fitMessage, type ClusterState, type Placement, type PodInfo, type PostFilterResult } from '@navarch/scheduling';
import type { PodGroupReporter } from './pod-group-reporter';
import type { PodReporter } from './pod-reporter';
import type { Preemptor } from './preemption/preemptor';
import type { SchedulerProfile } from './profiles';
import type { Attempt, SchedulingQueue } from './queue/scheduling-queue';
import type { SchedulerMetrics } from './scheduler-metrics';

export interface FailureHandlerDeps {
  readonly client: ApiClient;
  readonly state: ClusterState;
  readonly queue: SchedulingQueue;
  readonly preemptor: Preemptor;
  readonly reporter: PodReporter;
  readonly groups: PodGroupReporter;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Keeps what was decided, for who asks why. */
  readonly record: (attempt: Attempt, profile: SchedulerProfile, placement: Placement, message: string) => void;
}

/** What becomes of a pod that was tried and found no node (upstream's handleSchedulingFailure): it waits, room is made for it, and its author is told why. */
export class FailureHandler {
  constructor(private readonly deps: FailureHandlerDeps) {}

  /** A plug-in failed, here or in another process: that is not the pod's fault, and others go on. */
  failed({ pod }: Attempt, { profile }: SchedulerProfile, started: number, error: unknown): void {
    const { metrics, log, queue, state, reporter, groups } = this.deps;
    metrics.attempt('error', profile.schedulerName, performance.now() - started);
    log.warn({ pod: `${pod.namespace}/${pod.name}`, err: error }, 'scheduling failed, the pod is tried again');
    queue.retry(pod);
    state.nominations.delete(pod.uid);
    reporter.failed(pod.pod, error, '');
    groups.failed(pod, error);
  }

  /** No node took it. @param room where pods have to go for it, if that helps */
  refused(attempt: Attempt, placement: Placement, profile: SchedulerProfile, { message: said, clearNomination, release, remove }: PostFilterResult, room: PostFilterResult['nominated']): void {
    if (placement.kind === 'placed') return;
    const { client, state, queue, preemptor, reporter, groups, signal, record } = this.deps;
    const { pod } = attempt;
    const message = fitMessage(placement.diagnosis, said);
    record(attempt, profile, placement, message);
    groups.unschedulable(pod, message);
    queue.park(pod, placement.diagnosis.refusedBy);
    if (release !== undefined) void this.#freeDevices(pod, release, () => client.updateStatus(resource.resourceclaims, release, { signal }));
    if (remove !== undefined) void this.#freeDevices(pod, remove, () => deleteClaim(remove, { api: client, signal }));
    if (room !== undefined) void preemptor.preempt(pod, room.node, room.victims, message);
    else {
      if (clearNomination === true) state.nominations.delete(pod.uid);
      void reporter.unschedulable(pod.pod, message, clearNomination === true ? '' : undefined);
    }
  }

  /** Never rejects: what cannot be written now is decided anew when the pod is tried again. */
  async #freeDevices(pod: PodInfo, claim: resourcev1.ResourceClaim, write: () => Promise<unknown>): Promise<void> {
    const { queue, log, signal } = this.deps;
    try {
      await write();
    } catch (error) {
      if (signal.aborted || isNotFound(error)) return;
      log.warn({ pod: `${pod.namespace}/${pod.name}`, claim: claim.metadata.name, err: error }, 'devices of a claim could not be given up; the pod is tried again');
      queue.activate([pod.uid], 'ReleaseFailed');
    }
  }
}
