import { fieldErrors, FieldPath, immutableMessage } from '@navarch/apimachinery';
import type { batchv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { type Findings, nonNegative } from '../validation/rules';
import { commonIndex, indexesFault } from './index-ranges';

// Mirrors validateJobStatus and ValidateJobStatusUpdate of pkg/apis/batch/validation, and getStatusValidationOptions of
// pkg/registry/batch/job/strategy.go.

type Job = Loose<batchv1.Job>;
type Status = Loose<batchv1.JobStatus>;

const path = FieldPath.of('status');
const conditionsPath = path.child('conditions');

const isTrue = (status: Status, type: string): boolean => list(status.conditions).some((condition) => condition.type === type && condition.status === 'True');
const isFinished = (status: Status): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed');
const uncounted = ({ uncountedTerminatedPods }: Status): number => list(uncountedTerminatedPods?.succeeded).length + list(uncountedTerminatedPods?.failed).length;

/** Whether any of some facts is another than before: a rule speaks only of what a write changes, since the spec may have moved on. */
type Changed = (...facts: ((status: Status) => unknown)[]) => boolean;

function validateCounts(status: Status, found: Findings): void {
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) nonNegative(status[field], path.child(field), found);
  const seen = new Set<string>();
  for (const field of ['succeeded', 'failed'] as const)
    list(status.uncountedTerminatedPods?.[field]).forEach((uid, i) => {
      const at = path.child('uncountedTerminatedPods', field).index(i);
      if (uid === '') found.push(fieldErrors.invalid(at, uid, 'must not be empty'));
      else if (seen.has(uid)) found.push(fieldErrors.duplicate(at, uid));
      seen.add(uid);
    });
}

function validateConditions(status: Status, changed: Changed, found: Findings): void {
  const complete = (of: Status): boolean => isTrue(of, 'Complete');
  const failed = (of: Status): boolean => isTrue(of, 'Failed');
  const target = (of: Status): boolean => isTrue(of, 'FailureTarget');
  const met = (of: Status): boolean => isTrue(of, 'SuccessCriteriaMet');
  const refuse = (detail: string): void => void found.push(fieldErrors.invalidUnnamed(conditionsPath, detail));
  if (complete(status) && failed(status) && changed(complete, failed)) refuse('cannot set Complete=True and Failed=true conditions');
  if (complete(status) && target(status) && changed(complete, target)) refuse('cannot set Complete=True and FailureTarget=true conditions');
  if (failed(status) && !target(status) && changed(failed, target)) refuse('cannot set Failed=True condition without the FailureTarget=true condition');
  if (complete(status) && !met(status) && changed(complete, met)) refuse('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  if (met(status) && failed(status)) refuse('cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (met(status) && target(status)) refuse('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
}

function validateTimes(job: Job, status: Status, changed: Changed, found: Findings): void {
  const { startTime, completionTime } = status;
  const complete = isTrue(status, 'Complete');
  const [at, completion] = [path.child('completionTime'), (of: Status): unknown => of.completionTime];
  const isComplete = (of: Status): boolean => isTrue(of, 'Complete');
  if (completionTime !== undefined && !complete && changed(isComplete, completion))
    found.push(fieldErrors.invalid(at, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
  if (completionTime === undefined && complete && changed(isComplete, completion)) found.push(fieldErrors.required(at, 'completionTime is required for Complete jobs'));
  if (startTime !== undefined && completionTime !== undefined && Date.parse(completionTime) < Date.parse(startTime) && changed((of) => of.startTime, completion))
    found.push(fieldErrors.invalid(at, completionTime, 'completionTime cannot be set before startTime'));
  const nothingToStart = job.spec?.suspend === true && job.spec.completions === 0;
  if (startTime === undefined && isFinished(status) && changed(isFinished, (of) => of.startTime) && !nothingToStart)
    found.push(fieldErrors.required(path.child('startTime'), 'startTime is required for finished job'));
}

/** Nothing of a finished job runs any more. */
function validateFinished(status: Status, changed: Changed, found: Findings): void {
  const { active = 0, ready = 0, terminating = 0 } = status;
  if (isFinished(status)) {
    if (active > 0 && changed(isFinished, (of) => of.active)) found.push(fieldErrors.invalid(path.child('active'), active, 'active>0 is invalid for finished job'));
    if (uncounted(status) > 0 && changed(isFinished, (of) => of.uncountedTerminatedPods))
      found.push(fieldErrors.invalid(path.child('uncountedTerminatedPods'), status.uncountedTerminatedPods, 'uncountedTerminatedPods needs to be empty for finished job'));
    if (terminating > 0 && changed(isFinished, (of) => of.terminating)) found.push(fieldErrors.invalid(path.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready > active && changed((of) => of.ready, (of) => of.active)) found.push(fieldErrors.invalid(path.child('ready'), ready, 'cannot set more ready pods than active'));
}

function validateIndexes({ spec = {} }: Job, status: Status, changed: Changed, found: Findings): void {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, completionMode, backoffLimitPerIndex } = spec;
  const [completedChanged, failedChanged] = [changed((of) => of.completedIndexes), changed((of) => of.failedIndexes)];
  const check = (text: string, field: 'completedIndexes' | 'failedIndexes'): void => {
    const fault = completions === undefined ? undefined : indexesFault(text, completions);
    if (fault !== undefined) found.push(fieldErrors.invalid(path.child(field), text, `error parsing ${field}: ${fault}`));
  };
  if (completedChanged) check(completedIndexes, 'completedIndexes');
  if (failedChanged && failedIndexes !== undefined && backoffLimitPerIndex !== undefined) check(failedIndexes, 'failedIndexes');
  if (completedChanged && completedIndexes !== '' && completionMode !== 'Indexed')
    found.push(fieldErrors.invalid(path.child('completedIndexes'), completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode'));
  if (failedChanged && failedIndexes !== undefined && backoffLimitPerIndex === undefined)
    found.push(fieldErrors.invalid(path.child('failedIndexes'), failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  const both = completions === undefined || !(completedChanged || failedChanged) ? undefined : commonIndex(completedIndexes, failedIndexes ?? '', completions);
  if (both !== undefined) found.push(fieldErrors.invalid(path.child('failedIndexes'), failedIndexes, `failedIndexes and completedIndexes overlap at index: ${both}`));
}

/** What was counted stays counted, and what was decided stays decided. */
function validateProgress({ spec = {} }: Job, status: Status, old: Status, found: Findings): void {
  for (const type of ['Failed', 'Complete', 'FailureTarget', 'SuccessCriteriaMet'] as const)
    if (isTrue(old, type) && !isTrue(status, type))
      found.push(fieldErrors.invalidUnnamed(conditionsPath, `cannot disable the ${type === 'SuccessCriteriaMet' ? '' : 'terminal '}${type}=True condition`));
  // An indexed job that grows and shrinks takes successes back.
  const shrinks = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const field of ['failed', 'succeeded'] as const)
    if ((status[field] ?? 0) < (old[field] ?? 0) && !(field === 'succeeded' && shrinks))
      found.push(fieldErrors.invalid(path.child(field), status[field] ?? 0, `cannot decrease the ${field} counter`));
  if (status.completionTime !== undefined && old.completionTime !== undefined && status.completionTime !== old.completionTime)
    found.push(fieldErrors.invalid(path.child('completionTime'), status.completionTime, immutableMessage));
  // One that is resumed starts anew.
  if (old.startTime !== undefined && old.startTime !== status.startTime && !spec.suspend && !isTrue(old, 'Suspended'))
    found.push(fieldErrors.invalid(path.child('startTime'), status.startTime ?? null, 'field is immutable for unsuspended job once set'));
  if (isTrue(old, 'Complete') && !isTrue(old, 'SuccessCriteriaMet') && isTrue(status, 'SuccessCriteriaMet'))
    found.push(fieldErrors.invalidUnnamed(conditionsPath, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
}

/** Any controller may manage a job's status (`spec.managedBy`), so its transitions are checked for all. */
export function validateJobStatus(job: Job, oldJob: Job): Findings {
  const found: Findings = [];
  const status = job.status ?? {};
  const old = oldJob.status ?? {};
  const changed: Changed = (...facts) => facts.some((fact) => !semanticEqual(fact(status), fact(old)));
  validateCounts(status, found);
  validateConditions(status, changed, found);
  validateTimes(job, status, changed, found);
  validateFinished(status, changed, found);
  validateIndexes(job, status, changed, found);
  validateProgress(job, status, old, found);
  return found;
}
