import type { batchv1 } from '@navarch/api';
import { Counter, exponentialBuckets, Histogram, type Registry } from 'prom-client';

export type JobSyncAction = 'reconciling' | 'tracking' | 'pods_created' | 'pods_deleted';

/** Metrics of the Job controller, by upstream's names (pkg/controller/job/metrics). */
export class JobMetrics {
  readonly #syncs: Counter<'completion_mode' | 'result' | 'action'>;
  readonly #duration: Histogram<'completion_mode' | 'result' | 'action'>;
  readonly #finished: Counter<'completion_mode' | 'result' | 'reason'>;
  readonly #podsFinished: Counter<'completion_mode' | 'result'>;
  readonly #podsCreated: Counter<'reason' | 'status'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const ofSync = ['completion_mode', 'result', 'action'] as const;
    this.#syncs = new Counter({ name: 'job_controller_job_syncs_total', help: 'The number of job syncs', labelNames: ofSync, registers });
    this.#duration = new Histogram({ name: 'job_controller_job_sync_duration_seconds', help: 'The time it took to sync a job', labelNames: ofSync, buckets: exponentialBuckets(0.004, 2, 15), registers });
    this.#finished = new Counter({ name: 'job_controller_jobs_finished_total', help: 'The number of finished jobs', labelNames: ['completion_mode', 'result', 'reason'], registers });
    this.#podsFinished = new Counter({ name: 'job_controller_job_pods_finished_total', help: 'The number of finished Pods that are fully tracked', labelNames: ['completion_mode', 'result'], registers });
    this.#podsCreated = new Counter({ name: 'job_controller_job_pods_creation_total', help: 'The number of Pods created by the Job controller', labelNames: ['reason', 'status'], registers });
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

  /** What a status counts more than the one before. */
  counted({ spec, status: before }: batchv1.Job, after: batchv1.JobStatus): void {
    for (const result of ['succeeded', 'failed'] as const) {
      const more = (after[result] ?? 0) - (before?.[result] ?? 0);
      if (more > 0) this.#podsFinished.inc({ completion_mode: modeOf(spec), result }, more);
    }
  }

  podsCreated({ spec }: batchv1.Job, { succeeded, failed, replaced }: { readonly succeeded: number; readonly failed: number; readonly replaced: boolean }): void {
    const reason = !replaced ? 'new' : spec?.podReplacementPolicy === 'Failed' ? 'recreate_failed' : 'recreate_terminating_or_failed';
    if (succeeded > 0) this.#podsCreated.inc({ reason, status: 'succeeded' }, succeeded);
    if (failed > 0) this.#podsCreated.inc({ reason, status: 'failed' }, failed);
  }
}

const modeOf = (spec: batchv1.JobSpec | undefined): string => (spec?.completionMode === 'Indexed' ? 'Indexed' : 'NonIndexed');
