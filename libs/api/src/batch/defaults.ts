import type { batchv1 } from '../gen';
import { defaultPodTemplate } from '../core/pod/defaults';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { entries, list } from '../support/list';
import { type Loose } from '../support/loose';

/** Stands for "no limit": each index has its own. */
const noBackoffLimit = 2147483647;

/** Defaults of what a Job and the template in a CronJob have in common. */
function defaultJobTemplateSpec(spec: Loose<batchv1.JobSpec>): void {
  for (const { onPodConditions } of list(spec.podFailurePolicy?.rules)) for (const pattern of list(onPodConditions)) pattern.status ||= 'True';
  defaultPodTemplate((spec.template ??= {}));
}

export function defaultJob(job: Loose<batchv1.Job>): void {
  const spec = (job.spec ??= {});
  job.status ??= {};
  // Without any number a job is one pod; with parallelism only, it is a work queue.
  if (spec.parallelism === undefined) spec.completions ??= 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : noBackoffLimit;
  const metadata = (job.metadata ??= {});
  const labels = spec.template?.metadata?.labels;
  // The same labels, not a copy: what is added to the template at creation then shows on the job, as upstream (pkg/apis/batch/v1/defaults.go).
  if (entries(metadata.labels).length === 0 && labels) metadata.labels = labels;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
  defaultJobTemplateSpec(spec);
}

export function defaultCronJob(cronJob: Loose<batchv1.CronJob>): void {
  const spec = (cronJob.spec ??= {});
  cronJob.status ??= {};
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  const template = (spec.jobTemplate ??= {});
  template.metadata ??= {};
  defaultJobTemplateSpec((template.spec ??= {}));
}

export const batchDefaults: Defaulters = {
  'batch/v1/Job': defaulter(defaultJob),
  'batch/v1/CronJob': defaulter(defaultCronJob),
};
