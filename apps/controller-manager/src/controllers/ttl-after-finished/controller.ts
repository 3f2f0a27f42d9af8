import { batch, type batchv1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { after, done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { exponentialBuckets, Histogram } from 'prom-client';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { untilExpiryMs } from './sync';

/** Removes Jobs some time after their end, with their pods. */
export class TtlAfterFinishedReconciler implements Reconciler {
  readonly name = 'ttl_jobs_to_delete';
  readonly jobs: ObjectSource<batchv1.Job>;
  readonly #context: ControllerContext;
  readonly #duration: Histogram;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#duration = new Histogram({
      name: 'ttl_after_finished_controller_job_deletion_duration_seconds',
      help: 'The time it took to delete the job since it became eligible for deletion',
      buckets: exponentialBuckets(0.1, 2, 14),
      registers: [context.registry],
    });
    this.jobs = context.sources.informer(batch.jobs);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const cached = this.jobs.get(key);
    const waitMs = cached && untilExpiryMs(cached, clock.now());
    if (waitMs === undefined) return done;
    if (waitMs > 0) return after(waitMs);
    try {
      // Its time may have been prolonged, which the cache need not know yet.
      const fresh = await api.get(batch.jobs, key, { signal });
      const leftMs = untilExpiryMs(fresh, clock.now());
      if (leftMs === undefined || leftMs > 0) return after(leftMs);
      const { uid } = fresh.metadata;
      await api.delete(batch.jobs, key, { signal, propagationPolicy: 'Foreground', ...(uid === undefined ? {} : { preconditions: { uid } }) });
      this.#duration.observe(-(untilExpiryMs(fresh, clock.now()) ?? 0) / 1000);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return done;
  }
}

export function ttlAfterFinishedController(context: ControllerContext): RunningController {
  const reconciler = new TtlAfterFinishedReconciler(context);
  const { jobs } = reconciler;
  return runningController({ reconciler, workers: context.config.concurrentTtlAfterFinishedSyncs, reads: [read(jobs)], watch: (controller) => [wakeSelf(jobs, controller)] }, context);
}
