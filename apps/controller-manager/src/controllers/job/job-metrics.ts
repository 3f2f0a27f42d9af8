import type { batchv1 } from '@navarch/api';
import { Counter, exponentialBuckets, Histogram, type Registry } from 'prom-client';
import { IndexSet } from './index-set';

export type JobSyncAction = 'reconciling' | 'tracking' | 'pods_created' | 'pods_deleted';

export interface PodsCreated {
  readonly succeeded: number;
  /** That could not be made. */
  readonly failed: number;
  readonly hasFailed: boolean;
  readonly hasTerminating: boolean;
}

/** Metrics of the Job controller, by upstream's names (pkg/controller/job/metrics). */
export class JobMetrics {
  readonly #syncs: Counter<'completion_mode' | 'result' | 'action'>;
  readonly #duration: Histogram<'completion_mode' | 'result' | 'action'>;
  readonly #finished: Counter<'completion_mode' | 'result' | 'reason'>;
  readonly #podsFinished: Counter<'completion_mode' | 'result'>;
  readonly #podsCreated: Counter<'reason' | 'status'>;
  readonly #indexes: Counter<'status' | 'backoffLimit'>;
  readonly #byPolicy: Counter<'action'>;
  readonly #external: Counter<'controller_name'>;
  readonly #tracked: Counter<'event'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const ofSync = ['completion_mode', 'result', 'action'] as const;
    this.#syncs = new Counter({ name: 'job_controller_job_syncs_total', help: 'The number of job syncs', labelNames: ofSync, registers });
    this.#duration = new Histogram({
      name: 'job_controller_job_sync_duration_seconds',
      help: 'The time it took to sync a job',
      labelNames: ofSync,
      buckets: exponentialBuckets(0.004, 2, 15),
      registers,
    });
    this.#finished = new Counter({ name: 'job_controller_jobs_finished_total', help: 'The number of finished jobs', labelNames: ['completion_mode', 'result', 'reason'], registers });
    this.#podsFinished = new Counter({
      name: 'job_controller_job_pods_finished_total',
      help: 'The number of finished Pods that are fully tracked',
      labelNames: ['completion_mode', 'result'],
      registers,
    });
    this.#podsCreated = new Counter({ name: 'job_controller_job_pods_creation_total', help: 'The number of Pods created by the Job controller', labelNames: ['reason', 'status'], registers });
    this.#indexes = new Counter({ name: 'job_controller_job_finished_indexes_total', help: 'The number of finished indexes', labelNames: ['status', 'backoffLimit'], registers });
    this.#byPolicy = new Counter({
      name: 'job_controller_pod_failures_handled_by_failure_policy_total',
      help: 'The number of failed Pods handled by failure policy, by the action of the rule that matched',
      labelNames: ['action'],
      registers,
    });
    this.#external = new Counter({
      name: 'job_controller_jobs_by_external_controller_total',
      help: 'The number of Jobs managed by an external controller',
      labelNames: ['controller_name'],
      registers,
    });
    this.#tracked = new Counter({
      name: 'job_controller_terminated_pods_tracking_finalizer_total',
      help: 'The number of terminated pods (phase=Failed|Succeeded) that have the finalizer batch.kubernetes.io/job-tracking',
      labelNames: ['event'],
      registers,
    });
  }

  synced({ spec }: batchv1.Job, action: JobSyncAction, milliseconds: number, succeeded: boolean): void {
    const labels = { completion_mode: modeOf(spec), result: succeeded ? 'success' : 'error', action };
    this.#syncs.inc(labels);
    this.#duration.observe(labels, milliseconds / 1000);
  }

  /** The Job is over. */
  finished({ spec }: batchv1.Job, succeeded: boolean, reason: string): void {
    this.#finished.inc({ completion_mode: modeOf(spec), result: succeeded ? 'succeeded' : 'failed', reason });
  }

  /** A Job that somebody else runs was seen. */
  managedElsewhere(controller_name: string): void {
    this.#external.inc({ controller_name });
  }

  /** A pod that has ended got the finalizer, or lost it. */
  terminatedPod(event: 'add' | 'delete'): void {
    this.#tracked.inc({ event });
  }

  /** A rule of the failure policy has matched a pod whose end is counted, or ignored, now. */
  handledByPolicy(action: string): void {
    this.#byPolicy.inc({ action });
  }

  /** Indexes that ended since a status was written. */
  #countIndexes({ spec, status: before }: batchv1.Job, after: batchv1.JobStatus): void {
    const sizeOf = (text: string | undefined): number => IndexSet.parse(text, spec?.completions ?? 0).size;
    const backoffLimit = spec?.backoffLimitPerIndex === undefined ? 'global' : 'perIndex';
    const more = { succeeded: sizeOf(after.completedIndexes) - sizeOf(before?.completedIndexes), failed: sizeOf(after.failedIndexes) - sizeOf(before?.failedIndexes) };
    for (const [status, count] of Object.entries(more)) if (count > 0) this.#indexes.inc({ status, backoffLimit }, count);
  }

  /** What a status counts more than the one before. */
  counted(job: batchv1.Job, after: batchv1.JobStatus): void {
    const { spec, status: before } = job;
    if (spec?.completionMode === 'Indexed') this.#countIndexes(job, after);
    for (const result of ['succeeded', 'failed'] as const) {
      const more = (after[result] ?? 0) - (before?.[result] ?? 0);
      if (more > 0) this.#podsFinished.inc({ completion_mode: modeOf(spec), result }, more);
    }
  }

  /** The reason is guessed as upstream does: by what became of other pods of the Job. */
  podsCreated({ spec }: batchv1.Job, { succeeded, failed, hasFailed, hasTerminating }: PodsCreated): void {
    const reason = hasFailed && spec?.podReplacementPolicy === 'Failed' ? 'recreate_failed' : hasFailed || hasTerminating ? 'recreate_terminating_or_failed' : 'new';
    if (succeeded > 0) this.#podsCreated.inc({ reason, status: 'succeeded' }, succeeded);
    if (failed > 0) this.#podsCreated.inc({ reason, status: 'failed' }, failed);
  }
}

const modeOf = (spec: batchv1.JobSpec | undefined): string => (spec?.completionMode === 'Indexed' ? 'Indexed' : 'NonIndexed');
