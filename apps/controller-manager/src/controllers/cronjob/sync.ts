import { batch, type batchv1, type corev1 } from '@navarch/api';
import { formatTime, goQuote } from '@navarch/apimachinery';
import { controllerReference } from '@navarch/reconcile';
import { isFinished, isTrue } from '../job/conditions';
import { missedTimes, untilNext } from './missed-times';
import { readSchedule } from './read-schedule';
import { formatInZone, isZone } from './wall-clock';

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

type CronJob = batchv1.CronJob;
type Job = batchv1.Job;

export interface ObservedCronJob {
  readonly cronJob: CronJob;
  /** Those it owns. */
  readonly jobs: readonly Job[];
  /** Whether the API itself has no Job of this reference any more. */
  readonly isGone: (reference: corev1.ObjectReference) => boolean;
  readonly nowMs: number;
}

export interface PlannedEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface CronJobPlan {
  readonly events: readonly PlannedEvent[];
  /** Ends of long ago, to be removed. */
  readonly old: readonly Job[];
  /** Those that the new one replaces: it does not start before they are removed. */
  readonly replaced?: readonly Job[];
  /** The status before a Job is made. */
  readonly status: batchv1.CronJobStatus;
  readonly create?: { readonly job: Job; readonly scheduledAt: string };
  readonly againAfterMs?: number;
}

/** Decides by the rules of upstream's pkg/controller/cronjob/cronjob_controllerv2.go. */
export function planCronJob(observed: ObservedCronJob): CronJobPlan {
  const { cronJob, jobs, nowMs } = observed;
  const events: PlannedEvent[] = [];
  const status = { ...statusOf(observed, events) };
  const old = beyondHistory(cronJob, jobs);
  const plan: CronJobPlan = { events, old, status };
  if (cronJob.metadata.deletionTimestamp !== undefined) return plan;
  const zoneFault = zoneFaultOf(cronJob);
  if (zoneFault !== undefined) {
    events.push({ type: 'Warning', reason: 'UnknownTimeZone', message: zoneFault });
    return plan;
  }
  if (cronJob.spec.suspend === true) return plan;
  const { schedule, warning } = readSchedule(cronJob.spec);
  if (warning !== undefined) events.push({ type: 'Warning', ...warning });
  if (schedule === undefined) return plan;
  const againAfterMs = untilNext(cronJob, schedule, nowMs);
  if (againAfterMs === undefined) {
    // It can be read, but no day is ever like that: 31 February.
    events.push({ type: 'Warning', reason: 'InvalidSchedule', message: `invalid schedule: ${cronJob.spec.schedule} : time difference between two schedules is less than 1 second` });
    return plan;
  }
  const later: CronJobPlan = { ...plan, againAfterMs };
  const { latestMs, tooMany } = missedTimes(cronJob, schedule, nowMs);
  if (tooMany) events.push({ type: 'Warning', reason: 'TooManyMissedTimes', message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew' });
  if (latestMs === undefined) return later;
  const { startingDeadlineSeconds, concurrencyPolicy } = cronJob.spec;
  if (startingDeadlineSeconds !== undefined && latestMs + startingDeadlineSeconds * 1000 < nowMs) {
    events.push({ type: 'Warning', reason: 'MissSchedule', message: `Missed scheduled time to start a job: ${new Date(latestMs).toUTCString().replace('GMT', '+0000')}` });
    return later;
  }
  const job = jobAt(cronJob, latestMs);
  const active = status.active ?? [];
  const isStarted = active.some(({ name }) => name === job.metadata.name) || Date.parse(cronJob.status?.lastScheduleTime ?? '') === latestMs;
  if (isStarted) return later;
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    events.push({ type: 'Normal', reason: 'JobAlreadyActive', message: 'Not starting job because prior execution is running and concurrency policy is Forbid' });
    return later;
  }
  const replaced = concurrencyPolicy === 'Replace' ? jobs.filter(({ metadata }) => active.some(({ uid }) => uid === metadata.uid)) : [];
  const left = active.filter(({ uid }) => !replaced.some(({ metadata }) => metadata.uid === uid));
  return { ...later, replaced, status: withActive(status, left), create: { job, scheduledAt: formatTime(latestMs) } };
}

export function withActive(status: batchv1.CronJobStatus, active: readonly corev1.ObjectReference[]): batchv1.CronJobStatus {
  const next = { ...status };
  delete next.active;
  return active.length === 0 ? next : { ...next, active: [...active] };
}

/** The status with what is known of the Jobs: which still run, and when one last succeeded. */
function statusOf({ cronJob, jobs, isGone }: ObservedCronJob, events: PlannedEvent[]): batchv1.CronJobStatus {
  const active = cronJob.status?.active ?? [];
  const left = active.filter((reference) => {
    const job = jobs.find(({ metadata }) => metadata.uid === reference.uid);
    if (job !== undefined && isFinished(job)) {
      events.push({ type: 'Normal', reason: 'SawCompletedJob', message: `Saw completed job: ${reference.name ?? ''}, condition: ${isTrue(job.status, 'Complete') ? 'Complete' : 'Failed'}` });
      return false;
    }
    if (job !== undefined || !isGone(reference)) return true;
    events.push({ type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${reference.name ?? ''}` });
    return false;
  });
  for (const job of jobs) {
    if (isFinished(job) || active.some(({ uid }) => uid === job.metadata.uid)) continue;
    // Started, and whoever did could not note it any more.
    if (isOwnStart(cronJob, job)) left.push(jobReference(job));
    else events.push({ type: 'Warning', reason: 'UnexpectedJob', message: `Saw a job that the controller did not create or forgot: ${job.metadata.name ?? ''}` });
  }
  const ends = jobs.filter(({ status }) => isTrue(status, 'Complete')).map(({ status }) => status?.completionTime).filter((end) => end !== undefined);
  const lastSuccessfulTime = [cronJob.status?.lastSuccessfulTime, ...ends].filter((end) => end !== undefined).sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
  return withActive({ ...cronJob.status, ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }) }, left);
}

/** It is told of a suspended one too. */
function zoneFaultOf({ spec: { timeZone } }: CronJob): string | undefined {
  return timeZone === undefined || isZone(timeZone) ? undefined : `invalid timeZone: ${goQuote(timeZone)}: unknown time zone ${timeZone}`;
}

/** How the status refers to a Job. */
export function jobReference({ metadata: { name, namespace, uid, resourceVersion } }: Job): corev1.ObjectReference {
  return Object.fromEntries(Object.entries({ apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion }).filter(([, value]) => value !== undefined));
}

/** Whether it is what this controller makes for some time. */
function isOwnStart({ metadata: { name = '' } }: CronJob, { metadata }: Job): boolean {
  const atMs = Date.parse(metadata.annotations?.[SCHEDULED_AT] ?? '');
  return metadata.name === jobName(name, atMs) && metadata.deletionTimestamp === undefined;
}

const jobName = (cronJob: string, atMs: number): string => `${cronJob}-${Math.floor(atMs / 60_000)}`;

/** The Job of a time: one time, one name, so that none is started twice. */
function jobAt(cronJob: CronJob, atMs: number): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const { name = '', namespace = '' } = cronJob.metadata;
  return {
    metadata: {
      name: jobName(name, atMs),
      namespace,
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, [SCHEDULED_AT]: formatInZone(atMs, cronJob.spec.timeZone) },
      ownerReferences: [controllerReference(batch.cronjobs, cronJob)],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

/** Ended Jobs beyond those to be kept, the oldest first; successful and failed ones apart. */
function beyondHistory({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  // One that never started is as young as can be, as upstream's byJobStartTime.
  const startedMs = ({ status }: Job): number => Date.parse(status?.startTime ?? '') || Number.MAX_SAFE_INTEGER;
  const beyond = (type: 'Complete' | 'Failed', limit: number | undefined): Job[] => {
    if (limit === undefined) return [];
    const ended = jobs.filter(({ status, metadata }) => isTrue(status, type) && metadata.deletionTimestamp === undefined);
    ended.sort((a, b) => startedMs(a) - startedMs(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...beyond('Complete', spec.successfulJobsHistoryLimit), ...beyond('Failed', spec.failedJobsHistoryLimit)];
}
