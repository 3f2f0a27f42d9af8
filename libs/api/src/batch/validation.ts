import { compileLabelSelector, dns1123LabelMessages, fieldErrors, FieldPath, type LabelSelector } from '@navarch/apimachinery';
import { labelsDoNotMatch, templateMatches, validatePodTemplate } from '../core/pod/validation/pod-template';
import { nameWarning, podWarnings } from '../core/pod/warnings';
import type { batchv1, corev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { omit } from '../support/omit';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules, type Gates } from '../validation/kind-validation';
import { cronJobName } from '../validation/name-rules';
import { choice, type Findings, immutable, immutableFinding, nonNegative, oneOf, pathPrefixedName, present, refuse } from '../validation/rules';
import { isFaulty, selectorFaults } from '../validation/selector-faults';
import { sameIntent } from '../validation/workload-warnings';
import { cronScheduleError } from './cron-schedule';
import { validateJobStatus } from './job-status-validation';
import { validatePodFailurePolicy, validateSuccessPolicy } from './policy-validation';
import { timeZoneMessages } from './time-zone';

type Job = Loose<batchv1.Job>;
type JobSpec = Loose<batchv1.JobSpec>;
type CronJob = Loose<batchv1.CronJob>;

const specPath = FieldPath.of('spec');
const maxIndexedParallelism = 100_000;
/** Beyond these an indexed job's status grows too large to keep track of every failure. */
const largeCompletions = 100_000;
const largeParallelism = 10_000;
const maxManagedBy = 63;

function validateIndexed(spec: JobSpec, path: FieldPath, found: Findings): void {
  const { completionMode, completions, parallelism, backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completionMode !== undefined) oneOf(completionMode, ['NonIndexed', 'Indexed'], path.child('completionMode'), found);
  const indexed = completionMode === 'Indexed';
  if (indexed && completions === undefined) found.push(fieldErrors.required(path.child('completions'), 'when completion mode is Indexed'));
  if (indexed && parallelism !== undefined && parallelism > maxIndexedParallelism)
    found.push(fieldErrors.invalid(path.child('parallelism'), parallelism, `must be less than or equal to ${maxIndexedParallelism} when completion mode is Indexed`));
  nonNegative(backoffLimitPerIndex, path.child('backoffLimitPerIndex'), found);
  nonNegative(maxFailedIndexes, path.child('maxFailedIndexes'), found);
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) found.push(fieldErrors.required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  if (indexed) {
    validateFailedIndexes(spec, path, found);
    return;
  }
  if (completionMode !== undefined && completionMode !== 'NonIndexed') return;
  if (backoffLimitPerIndex !== undefined) found.push(fieldErrors.invalid(path.child('backoffLimitPerIndex'), backoffLimitPerIndex, 'requires indexed completion mode'));
  if (maxFailedIndexes !== undefined) found.push(fieldErrors.invalid(path.child('maxFailedIndexes'), maxFailedIndexes, 'requires indexed completion mode'));
}

/** How much a status can keep track of. */
function validateFailedIndexes({ completions = 0, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes }: JobSpec, path: FieldPath, found: Findings): void {
  const at = path.child('maxFailedIndexes');
  const atMost = (limit: number, why = ''): void => {
    if (maxFailedIndexes !== undefined && maxFailedIndexes > limit) found.push(fieldErrors.invalid(at, maxFailedIndexes, `must be less than or equal to ${limit}${why}`));
  };
  if (maxFailedIndexes !== undefined && maxFailedIndexes > completions) found.push(fieldErrors.invalid(at, maxFailedIndexes, 'must be less than or equal to completions'));
  atMost(maxIndexedParallelism);
  if (completions <= largeCompletions || backoffLimitPerIndex === undefined) return;
  const why = ` when completions are above ${largeCompletions} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) found.push(fieldErrors.required(at, `must be specified when completions is above ${largeCompletions}`));
  if (parallelism > largeParallelism) found.push(fieldErrors.invalid(path.child('parallelism'), parallelism, `must be less than or equal to ${largeParallelism}${why}`));
  atMost(largeParallelism, why);
}

function validateRestart({ template, podFailurePolicy }: JobSpec, path: FieldPath, found: Findings): void {
  const at = path.child('template', 'spec', 'restartPolicy');
  const policy = template?.spec?.restartPolicy ?? '';
  // Always is what a template gets that says nothing.
  if (policy === '' || policy === 'Always') found.push(fieldErrors.required(at, 'valid values: "OnFailure", "Never"'));
  else if (policy !== 'OnFailure' && policy !== 'Never') found.push(fieldErrors.notSupported(at, policy, ['OnFailure', 'Never']));
  else if (podFailurePolicy && policy !== 'Never') found.push(fieldErrors.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified'));
}

/** What a Job and the template in a CronJob have in common. */
function validateJobSpec(spec: JobSpec, before: JobSpec | undefined, path: FieldPath, found: Findings, gates: Gates): void {
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'] as const)
    nonNegative(spec[field], path.child(field), found);
  if (spec.managedBy !== undefined) {
    pathPrefixedName(spec.managedBy, path.child('managedBy'), found);
    if (spec.managedBy.length > maxManagedBy) found.push(fieldErrors.tooLong(path.child('managedBy'), maxManagedBy));
  }
  validateIndexed(spec, path, found);
  if (spec.podFailurePolicy) validatePodFailurePolicy(spec, spec.podFailurePolicy, path.child('podFailurePolicy'), found);
  if (spec.successPolicy) validateSuccessPolicy(spec, spec.successPolicy, path, found);
  if (spec.podReplacementPolicy !== undefined) oneOf(spec.podReplacementPolicy, spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'], path.child('podReplacementPolicy'), found);
  validatePodTemplate(spec.template, before?.template, path.child('template'), found, gates);
  validateRestart(spec, path, found);
}

/** The selector that the server made, and labels that it needs; a client may have been in its way. Older jobs have the older labels alone. */
function validateGenerated({ metadata, spec = {} }: Job, old: Job | undefined, found: Findings): void {
  if (spec.manualSelector || !spec.selector) return;
  const { uid = '', name = '' } = metadata ?? {};
  const labels = spec.template?.metadata?.labels ?? {};
  const newer = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name };
  const had = old?.spec?.template?.metadata?.labels ?? {};
  const isOlder = old !== undefined && Object.keys(newer).some((key) => had[key] === undefined);
  const expected: Readonly<Record<string, string>> = { 'controller-uid': uid, 'job-name': name, ...(isOlder ? {} : newer) };
  for (const [key, value] of Object.entries(expected)) {
    const at = specPath.child('template', 'metadata', 'labels').key(key);
    if (labels[key] === undefined) found.push(fieldErrors.required(at, `must be '${value}'`));
    else if (labels[key] !== value) found.push(fieldErrors.invalid(at, labels, `must be '${value}'`));
  }
  if (!isFaulty(spec.selector) && !compileLabelSelector(spec.selector as LabelSelector).matches(expected)) found.push(fieldErrors.invalid(specPath.child('selector'), spec.selector, '`selector` not auto-generated'));
}

/** Pods of an indexed job are named after their index. */
function validatePodNames({ metadata, spec }: Job, found: Findings): void {
  if (spec?.completionMode !== 'Indexed' || !spec.completions || spec.completions < 0) return;
  const { name = '' } = metadata ?? {};
  const longest = `${name}-${spec.completions - 1}`;
  if (dns1123LabelMessages(longest).length > 0) found.push(fieldErrors.invalid(FieldPath.of('metadata', 'name'), name, `will not able to create pod with invalid DNS label: ${longest}`));
}

function jobContent(job: Job, old: Job | undefined, gates: Gates): Findings {
  const found: Findings = [];
  const { spec = {} } = job;
  validateGenerated(job, old, found);
  validateJobSpec(spec, old?.spec, specPath, found, gates);
  const at = specPath.child('selector');
  found.push(...(spec.selector ? selectorFaults(spec.selector, at, [old?.spec?.selector]) : [fieldErrors.required(at)]));
  // No selector selects nothing.
  if (!spec.selector) labelsDoNotMatch(spec.template, specPath.child('template'), found);
  else if (!isFaulty(spec.selector)) templateMatches(spec.template, spec.selector, specPath.child('template'), found);
  validatePodNames(job, found);
  return found;
}

/** Whether none of a job's pods run, and none will for now. Another controller than ours may leave the start time of a job that it suspends. */
function isAtRest({ spec, status }: Job): boolean {
  const hasStopped = status?.startTime === undefined || list(status.conditions).some(({ type, status: is }) => type === 'Suspended' && is === 'True');
  return spec?.suspend === true && (status?.active ?? 0) === 0 && hasStopped;
}

/** What of a job's pods stays while they are at rest: they may be told where they should run, and with what. */
function lastingPodSpec(template: Loose<corev1.PodTemplateSpec> | undefined): object {
  const spec = template?.spec ?? {};
  const sizeless = (containers: readonly object[] | undefined): object[] => list(containers).map((container) => ({ ...container, resources: undefined }));
  return {
    ...omit(spec, 'nodeSelector', 'tolerations', 'schedulingGates'),
    affinity: { ...spec.affinity, nodeAffinity: undefined },
    containers: sizeless(spec.containers),
    initContainers: sizeless(spec.initContainers),
  };
}

/** Mirrors validatePodTemplateUpdate: of pods at rest the metadata is not looked at, and the spec is what is told of. */
function templateChange(template: Loose<corev1.PodTemplateSpec> | undefined, old: Job, found: Findings): void {
  const before = old.spec?.template;
  const path = specPath.child('template');
  if (!isAtRest(old)) immutable(template, before, path, found);
  else if (!semanticEqual(lastingPodSpec(template), lastingPodSpec(before))) found.push(immutableFinding(template?.spec, path.child('spec')));
}

function jobChange(job: Job, old: Job): Findings {
  const found: Findings = [];
  const [spec, before] = [job.spec ?? {}, old.spec ?? {}];
  // An indexed job grows and shrinks when both numbers stay equal.
  if (spec.completionMode !== 'Indexed') immutable(spec.completions, before.completions, specPath.child('completions'), found);
  else if (spec.completions !== undefined && spec.completions !== before.completions && spec.completions !== spec.parallelism)
    found.push(fieldErrors.invalid(specPath.child('completions'), spec.completions, 'can only be modified in tandem with spec.parallelism'));
  immutable(spec.selector, before.selector, specPath.child('selector'), found);
  templateChange(spec.template, old, found);
  for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const)
    immutable(spec[field], before[field], specPath.child(field), found);
  return found;
}

function cronJobContent({ spec = {} }: CronJob, old: CronJob | undefined, gates: Gates): Findings {
  const found: Findings = [];
  const schedulePath = specPath.child('schedule');
  if (present(spec.schedule, schedulePath, found)) {
    const error = /^(CRON_)?TZ=/.test(spec.schedule) ? undefined : cronScheduleError(spec.schedule);
    if (error !== undefined) found.push(fieldErrors.invalid(schedulePath, spec.schedule, error));
    if (spec.schedule.includes('TZ') && old?.spec?.schedule?.includes('TZ')) {
      if (spec.timeZone !== undefined) found.push(fieldErrors.invalid(schedulePath, spec.schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
    } else if (spec.schedule.includes('TZ'))
      found.push(fieldErrors.invalid(schedulePath, spec.schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  }
  nonNegative(spec.startingDeadlineSeconds, specPath.child('startingDeadlineSeconds'), found);
  if (spec.timeZone !== undefined && spec.timeZone !== old?.spec?.timeZone) {
    refuse(timeZoneMessages(spec.timeZone), spec.timeZone, specPath.child('timeZone'), found);
  }
  choice(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], specPath.child('concurrencyPolicy'), found);
  const template = specPath.child('jobTemplate', 'spec');
  validateJobSpec(spec.jobTemplate?.spec ?? {}, old?.spec?.jobTemplate?.spec, template, found, gates);
  if (spec.jobTemplate?.spec?.selector !== undefined) found.push(fieldErrors.invalid(template.child('selector'), spec.jobTemplate.spec.selector, '`selector` will be auto-generated'));
  if (spec.jobTemplate?.spec?.manualSelector) found.push(fieldErrors.notSupported(template.child('manualSelector'), true, ['nil', 'false']));
  nonNegative(spec.successfulJobsHistoryLimit, specPath.child('successfulJobsHistoryLimit'), found);
  nonNegative(spec.failedJobsHistoryLimit, specPath.child('failedJobsHistoryLimit'), found);
  return found;
}

function jobSpecWarnings(spec: JobSpec | undefined, path: FieldPath): string[] {
  const found: string[] = [];
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {};
  if (completionMode === 'Indexed' && completions > largeCompletions && parallelism > largeParallelism)
    found.push(
      `${path.toString()}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
    );
  return [...found, ...podWarnings(spec?.template ?? {}, path.child('template'))];
}

const jobWarnings = (job: Job, old: Job | undefined): string[] =>
  [...(old === undefined ? nameWarning(job.metadata?.name, 'Pod names and hostnames') : []), ...(sameIntent(job, old) ? [] : jobSpecWarnings(job.spec, specPath))];

/** With upstream's path. */
const zoneWarning = 'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

function cronJobWarnings(cronJob: CronJob, old: CronJob | undefined): string[] {
  const { metadata, spec } = cronJob;
  const named = old === undefined ? nameWarning(metadata?.name, 'Pod names and hostnames') : [];
  const template = sameIntent(cronJob, old) ? [] : jobSpecWarnings(spec?.jobTemplate?.spec, specPath.child('jobTemplate', 'spec'));
  // A new one with a zone in its schedule is refused.
  const zone = old !== undefined && spec?.schedule?.includes('TZ') ? [zoneWarning] : [];
  return [...named, ...template, ...zone];
}

/** By `<group>/<kind>`. */
export const batchValidation: Readonly<Record<string, ContentRules>> = {
  'batch/CronJob': contentRules<CronJob>({ name: cronJobName, content: cronJobContent, warnings: cronJobWarnings }),
  'batch/Job': contentRules<Job>({ content: jobContent, change: jobChange, status: validateJobStatus, warnings: jobWarnings }),
};
