import { batch, core, type batchv1, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import {
  after, canonicalJson, claimObjects, done, isPodActive, isPodTerminal, isPodTerminating, keyOfObject, slowStart, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result,
} from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { asError, firstFailure } from '../../errors';
import { byController, candidatesOf, controlledBy } from '../../indexes';
import { aboutObject, PodControl } from '../../pods/pod-control';
import { read, runningController, together, type RunningController } from '../../running-controller';
import { wakeOwner, wakeSelf } from '../../wake-owner';
import { isFinished, isTrue } from './conditions';
import { jobFacts, untilDeadlineMs, type JobFacts, type Verdict } from './facts';
import { JobMetrics, type JobSyncAction } from './job-metrics';
import { noFailures, recordAfter, type FailureRecord } from './job-back-off';
import { isFailed, isTracked, jobPod, managedElsewhere, TRACKING } from './job-pod';
import { orphanPodController } from './orphan-pods';
import { planPods, type PodsPlan } from './sync';
import { countReleased, finish, noteEnds, withActivity } from './tracking';

type Job = batchv1.Job;

/** Runs Jobs to their end. */
export class JobReconciler implements Reconciler {
  readonly name = 'job';
  readonly jobs: ObjectSource<Job>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #control: PodControl;
  readonly #metrics: JobMetrics;
  /** By uid. Forgotten with the process: then the pods that are still there tell. */
  readonly #failures = new Map<string, FailureRecord>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('job-controller', context);
    this.#metrics = new JobMetrics(context.registry);
    this.#control = new PodControl(context.api, this.#events);
    this.jobs = context.sources.informer(batch.jobs);
    this.pods = context.sources.informer(core.pods, { indexes: byController });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { clock } = this.#context;
    const job = this.jobs.get(key);
    if (job === undefined || isFinished(job) || managedElsewhere(job) !== undefined) return done;
    const started = clock.monotonic();
    let action: JobSyncAction = 'reconciling';
    const synced = (succeeded: boolean): void => this.#metrics.synced(job, action, clock.monotonic() - started, succeeded);
    try {
      const result = await this.#reconcile(job, signal, (is) => (action = is));
      synced(true);
      return result;
    } catch (error) {
      if (!signal.aborted) synced(false);
      throw error;
    }
  }

  async #reconcile(job: Job, signal: AbortSignal, does: (action: JobSyncAction) => void): Promise<Result> {
    const { api, clock } = this.#context;
    const owned = await claimObjects(api, {
      type: core.pods, candidates: candidatesOf(this.pods, job), ownerType: batch.jobs, owner: job, selector: job.spec?.selector, adoptable: isPodActive, finalizer: TRACKING,
    }, signal);
    const facts = jobFacts({ job, pods: owned, nowMs: clock.now() });
    const plan = planPods(facts, this.#recordOf(facts));
    if (plan.create.length > 0) does('pods_created');
    else if (plan.remove.length > 0) does('pods_deleted');
    else if (owned.some((pod) => isTracked(pod) && isPodTerminal(pod))) does('tracking');
    const failure = await this.#carryOut(facts, plan, signal);
    const fresh = await this.#track(facts, signal);
    if (failure !== undefined) throw failure;
    return after(earliest([plan.againAfterMs, untilDeadlineMs({ job: fresh, pods: [], nowMs: clock.now() })]));
  }

  /** Counts Jobs that are somebody else's. */
  noteNew(job: Job): void {
    const managedBy = managedElsewhere(job);
    if (managedBy !== undefined) this.#metrics.managedElsewhere(managedBy);
  }

  /** Counts pods that end while they are held, and those that are let go then. */
  countPods(): () => void {
    const isHeld = (pod: corev1.Pod): boolean => isTracked(pod) && isPodTerminal(pod);
    return this.pods.addHandler({
      onAdd: (pod) => {
        if (isHeld(pod)) this.#metrics.terminatedPod('add');
      },
      onUpdate: (before, pod) => {
        if (isHeld(before) !== isHeld(pod) && isPodTerminal(pod)) this.#metrics.terminatedPod(isHeld(pod) ? 'add' : 'delete');
      },
      onDelete: (pod) => {
        if (isHeld(pod)) this.#metrics.terminatedPod('delete');
      },
    });
  }

  /** Forgets a Job that is gone or over. */
  forget({ metadata }: Job): void {
    this.#failures.delete(metadata.uid ?? '');
  }

  #recordOf({ job, pods, newlySucceeded, newlyFailed }: JobFacts): FailureRecord {
    const known = this.#failures.get(job.metadata.uid ?? '');
    if (known !== undefined) return recordAfter(known, newlySucceeded, newlyFailed);
    return recordAfter(noFailures, pods.filter(({ status }) => status?.phase === 'Succeeded'), pods.filter((pod) => isFailed(job, pod)));
  }

  async #carryOut({ job, lastFailed, failed, pods }: JobFacts, plan: PodsPlan, signal: AbortSignal): Promise<Error | undefined> {
    const about = aboutObject(batch.jobs, job);
    const { error, succeeded, skipped } = await slowStart(plan.create.length, (at) => {
      const index = plan.create[at];
      return this.#control.create(about, index === undefined ? jobPod(job) : jobPod(job, index, lastFailed.get(index)), signal);
    });
    this.#metrics.podsCreated(job, { succeeded, failed: plan.create.length - succeeded - skipped, hasFailed: failed > 0, hasTerminating: pods.some(isPodTerminating) });
    const removed = await Promise.allSettled(plan.remove.map(async (pod) => {
      if (!plan.countRemoved) await this.#release(pod, signal);
      await this.#control.remove(about, pod, signal);
    }));
    return asError(error) ?? firstFailure(removed);
  }

  /** Counts what has ended: noted in the status first, then let go, then counted, so that none is missed or counted twice. */
  async #track(before: JobFacts, signal: AbortSignal): Promise<Job> {
    const { clock } = this.#context;
    const nowMs = clock.now();
    const pods = controlledBy(this.pods, before.job);
    const found = jobFacts({ job: before.job, pods, nowMs });
    // A verdict stands, whatever became of the pods since, and removing them has failed no index.
    const facts = before.verdict === undefined ? found : { ...found, failedIndexes: before.failedIndexes };
    const verdict = before.verdict ?? facts.verdict ?? completion(facts);
    const isManaged = verdict === undefined && before.job.metadata.deletionTimestamp === undefined;
    const noted = noteEnds(facts, verdict, countReleased(withActivity(before.job, pods, nowMs, isManaged), pods));
    let job = await this.#writeStatus(before.job, noted.status, signal);
    for (const action of noted.judgements) this.#metrics.handledByPolicy(action);
    this.#failures.set(job.metadata.uid ?? '', this.#recordOf(facts));
    this.#tellOfSuspension(before.job, job);
    await Promise.all(noted.release.map((pod) => this.#release(pod, signal)));
    const left = controlledBy(this.pods, job);
    const counted = countReleased(job.status ?? {}, left);
    const final = finish(counted, verdict, left, nowMs);
    job = await this.#writeStatus(job, final ?? counted, signal);
    if (final !== undefined && verdict !== undefined) this.#tellOfEnd(job, verdict);
    return job;
  }

  async #release(pod: corev1.Pod, signal: AbortSignal): Promise<void> {
    if (!isTracked(pod)) return;
    const { uid, resourceVersion } = pod.metadata;
    const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING);
    await this.#context.api.patch(core.pods, keyOfObject(pod), 'merge', { metadata: { uid, resourceVersion, finalizers } }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  async #writeStatus(job: Job, status: batchv1.JobStatus, signal: AbortSignal): Promise<Job> {
    if (canonicalJson(status) === canonicalJson(job.status)) return job;
    try {
      const written = await this.#context.api.updateStatus(batch.jobs, { ...job, status }, { signal });
      this.#metrics.counted(job, status);
      return written;
    } catch (error) {
      if (isNotFound(error)) return { ...job, status };
      throw error;
    }
  }

  #tellOfSuspension(before: Job, { status }: Job): void {
    const is = isTrue(status, 'Suspended');
    if (is === isTrue(before.status, 'Suspended')) return;
    this.#events.event(aboutObject(batch.jobs, before), 'Normal', is ? 'Suspended' : 'Resumed', is ? 'Job suspended' : 'Job resumed');
  }

  #tellOfEnd(job: Job, { type, reason, message }: Verdict): void {
    const about = aboutObject(batch.jobs, job);
    this.#metrics.finished(job, type !== 'FailureTarget', reason);
    if (type === 'FailureTarget') {
      this.#events.event(about, 'Warning', reason, message);
      return;
    }
    if (job.spec?.completions !== undefined && (job.status?.succeeded ?? 0) > job.spec.completions) {
      this.#events.event(about, 'Warning', 'TooManySucceededPods', 'Too many succeeded pods running after completion count reached');
    }
    this.#events.event(about, 'Normal', 'Completed', 'Job completed');
  }
}

/** All that was asked for has succeeded; without a number one success will do, when the others have ended. */
function completion({ job, active, succeeded }: JobFacts): Verdict | undefined {
  const { completions } = job.spec ?? {};
  const isComplete = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  return isComplete ? { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : undefined;
}

function earliest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

export function jobController(context: ControllerContext): RunningController {
  const reconciler = new JobReconciler(context);
  const { jobs, pods } = reconciler;
  const running = runningController({
    reconciler,
    workers: context.config.concurrentJobSyncs,
    reads: [read(jobs), read(pods)],
    watch: (controller) => [
      wakeSelf(jobs, controller),
      wakeOwner({ dependents: pods, owners: jobs, ownerType: batch.jobs, controller }),
      reconciler.countPods(),
      jobs.addHandler({
        onAdd: (job) => reconciler.noteNew(job),
        onUpdate: (_, job) => {
          if (isFinished(job)) reconciler.forget(job);
        },
        onDelete: (job) => reconciler.forget(job),
      }),
    ],
  }, context);
  return together(running, orphanPodController({ jobs, pods }, context));
}
