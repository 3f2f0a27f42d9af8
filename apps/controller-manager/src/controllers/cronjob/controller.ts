import { batch, type batchv1 } from '@navarch/api';
import { isAlreadyExists, isNotFound, statusCause } from '@navarch/apimachinery';
import { after, canonicalJson, done, isControlledBy, keyOfObject, type Controller, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { exponentialBuckets, Histogram } from 'prom-client';
import { recorderFor, type ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { byController, controlledBy } from '../../indexes';
import { aboutObject } from '../../pods/pod-control';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeOwner } from '../../wake-owner';
import { untilNext } from './missed-times';
import { readSchedule } from './read-schedule';
import { jobReference, planCronJob, withActive, type CronJobPlan } from './sync';

type CronJob = batchv1.CronJob;
type Job = batchv1.Job;

/** Starts Jobs at their times. */
export class CronJobReconciler implements Reconciler {
  readonly name = 'cronjob';
  readonly cronJobs: ObjectSource<CronJob>;
  readonly jobs: ObjectSource<Job>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #skew: Histogram;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('cronjob-controller', context);
    this.#skew = new Histogram({
      name: 'cronjob_controller_job_creation_skew_duration_seconds',
      help: 'Time between when a cronjob is scheduled to be run, and when the corresponding job is created',
      buckets: exponentialBuckets(1, 2, 10),
      registers: [context.registry],
    });
    this.cronJobs = context.sources.informer(batch.cronjobs);
    this.jobs = context.sources.informer(batch.jobs, { indexes: byController });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const cronJob = this.cronJobs.get(key);
    if (cronJob === undefined) return done;
    const plan = await this.#plan(cronJob, signal);
    if (plan.create === undefined || (cronJob.spec.concurrencyPolicy ?? 'Allow') === 'Allow') return this.#carryOut(cronJob, plan, signal);
    // What runs beside another may not be what an old view lets start.
    const fresh = await this.#context.api.get(batch.cronjobs, key, { signal }).catch(unlessGone);
    if (fresh === undefined || fresh.metadata.uid !== cronJob.metadata.uid) return done;
    const isLevel = fresh.metadata.resourceVersion === cronJob.metadata.resourceVersion;
    return this.#carryOut(fresh, isLevel ? plan : await this.#plan(fresh, signal), signal);
  }

  async #plan(cronJob: CronJob, signal: AbortSignal): Promise<CronJobPlan> {
    const jobs = controlledBy(this.jobs, cronJob);
    const gone = await this.#gone(cronJob, jobs, signal);
    return planCronJob({ cronJob, jobs, isGone: ({ uid }) => gone.has(uid), nowMs: this.#context.clock.now() });
  }

  async #carryOut(cronJob: CronJob, plan: CronJobPlan, signal: AbortSignal): Promise<Result> {
    const about = aboutObject(batch.cronjobs, cronJob);
    for (const { type, reason, message } of plan.events) this.#events.event(about, type, reason, message);
    // It is told of an old one that cannot be removed, and new ones start all the same.
    for (const job of plan.old) await this.#remove(cronJob, job, signal);
    for (const job of plan.replaced ?? []) {
      const error = await this.#remove(cronJob, job, signal);
      if (error !== undefined) throw error;
    }
    const current = await this.#writeStatus(cronJob, plan.status, signal);
    if (plan.create !== undefined) await this.#start(current, plan.create.job, plan.create.scheduledAt, signal);
    return after(plan.againAfterMs);
  }

  /** The uids of active Jobs that neither the cache nor the API has any more. */
  async #gone({ status }: CronJob, jobs: readonly Job[], signal: AbortSignal): Promise<Set<string | undefined>> {
    const gone = new Set<string | undefined>();
    for (const { uid, name = '', namespace = '' } of status?.active ?? []) {
      if (jobs.some(({ metadata }) => metadata.uid === uid)) continue;
      const found = await this.#context.api.get(batch.jobs, { namespace, name }, { signal }).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      if (found?.metadata.uid !== uid) gone.add(uid);
    }
    return gone;
  }

  /** Answers with what was in its way. */
  async #remove(cronJob: CronJob, job: Job, signal: AbortSignal): Promise<Error | undefined> {
    const about = aboutObject(batch.cronjobs, cronJob);
    const { name = '', uid } = job.metadata;
    try {
      await this.#context.api.delete(batch.jobs, keyOfObject(job), { signal, propagationPolicy: 'Background', ...(uid === undefined ? {} : { preconditions: { uid } }) });
      this.#events.event(about, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (signal.aborted) throw error;
      this.#events.event(about, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`);
      return error instanceof Error ? error : new Error(messageOf(error));
    }
    return undefined;
  }

  async #start(cronJob: CronJob, wanted: Job, lastScheduleTime: string, signal: AbortSignal): Promise<void> {
    const about = aboutObject(batch.cronjobs, cronJob);
    try {
      const job = await this.#context.api.create(batch.jobs, wanted, { signal });
      this.#skew.observe(Math.max(0, this.#context.clock.now() - Date.parse(lastScheduleTime)) / 1000);
      this.#events.event(about, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name ?? ''}`);
      await this.#noteStart(cronJob, job, lastScheduleTime, signal);
    } catch (error) {
      if (statusCause(error, 'NamespaceTerminating') !== undefined) return;
      if (isAlreadyExists(error)) return this.#onNameTaken(cronJob, wanted, lastScheduleTime, signal);
      this.#events.event(about, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      throw error;
    }
  }

  /** Started already, though the status could not be written then: it is written now. */
  async #onNameTaken(cronJob: CronJob, wanted: Job, lastScheduleTime: string, signal: AbortSignal): Promise<void> {
    const job = await this.#context.api.get(batch.jobs, keyOfObject(wanted), { signal });
    // Another's: whoever made it sees to it.
    if (isControlledBy(job, cronJob)) await this.#noteStart(cronJob, job, lastScheduleTime, signal);
  }

  async #noteStart(cronJob: CronJob, job: Job, lastScheduleTime: string, signal: AbortSignal): Promise<void> {
    const active = [...(cronJob.status?.active ?? []).filter(({ uid }) => uid !== job.metadata.uid), jobReference(job)];
    await this.#writeStatus(cronJob, { ...withActive(cronJob.status ?? {}, active), lastScheduleTime }, signal);
  }

  async #writeStatus(cronJob: CronJob, status: batchv1.CronJobStatus, signal: AbortSignal): Promise<CronJob> {
    if (canonicalJson(status) === canonicalJson(cronJob.status ?? {})) return cronJob;
    try {
      return await this.#context.api.updateStatus(batch.cronjobs, { ...cronJob, status }, { signal });
    } catch (error) {
      if (isNotFound(error)) return cronJob;
      throw error;
    }
  }
}

function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

/**
 * A CronJob whose times have changed is looked at again when the next of them comes: what its new times would have missed
 * is not started at once (upstream's updateCronJob).
 */
function wakeAtItsTime(cronJobs: ObjectSource<CronJob>, controller: Controller, clock: ControllerContext['clock']): () => void {
  const wake = (cronJob: CronJob): void => controller.enqueueObject(cronJob);
  return cronJobs.addHandler({
    onAdd: wake,
    onUpdate: (previous, cronJob) => {
      const { schedule } = readSchedule(cronJob.spec);
      const isSame = previous.spec.schedule === cronJob.spec.schedule && previous.spec.timeZone === cronJob.spec.timeZone;
      const ms = isSame || schedule === undefined ? undefined : untilNext(cronJob, schedule, clock.now());
      if (ms === undefined) wake(cronJob);
      else controller.enqueueAfter(keyOfObject(cronJob), ms);
    },
    onDelete: wake,
  });
}

export function cronJobController(context: ControllerContext): RunningController {
  const reconciler = new CronJobReconciler(context);
  const { cronJobs, jobs } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentCronJobSyncs,
    reads: [read(cronJobs), read(jobs)],
    watch: (controller) => [
      wakeAtItsTime(cronJobs, controller, context.clock),
      // It has no selector: Jobs without an owner are nobody's.
      wakeOwner({ dependents: jobs, owners: cronJobs, ownerType: batch.cronjobs, selectorOf: () => undefined, controller }),
    ],
  }, context);
}
