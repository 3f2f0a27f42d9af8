import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { batchv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { choice, type Findings, nonNegative, qualifiedName } from '../validation/rules';
import { countIndexes, IndexesError } from './index-ranges';

type JobSpec = Loose<batchv1.JobSpec>;
type Rule = Loose<batchv1.PodFailurePolicyRule>;

const maxRules = 20;
const maxExitCodes = 255;
/** Bytes of a text of indexes. */
const maxIndexesLength = 64 * 1024;

function validateExitCodes(codes: NonNullable<Rule['onExitCodes']>, spec: JobSpec, path: FieldPath, found: Findings): void {
  choice(codes.operator, ['In', 'NotIn'], path.child('operator'), found, 'valid values: ["In" "NotIn"]');
  if (codes.containerName !== undefined) {
    const containers = [...list(spec.template?.spec?.containers), ...list(spec.template?.spec?.initContainers)];
    if (!containers.some(({ name }) => name === codes.containerName))
      found.push(fieldErrors.invalid(path.child('containerName'), codes.containerName, 'must be one of the container or initContainer names in the pod template'));
  }
  const at = path.child('values');
  const values = list(codes.values);
  if (values.length === 0) found.push(fieldErrors.invalid(at, codes.values ?? null, 'at least one value is required'));
  if (values.length > maxExitCodes) found.push(fieldErrors.tooMany(at, values.length, maxExitCodes));
  values.forEach((value, i) => {
    if (codes.operator === 'In' && value === 0) found.push(fieldErrors.invalid(at.index(i), value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) !== i) found.push(fieldErrors.duplicate(at.index(i), value));
  });
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? 0) > value)) found.push(fieldErrors.invalid(at, values, 'must be ordered'));
}

function validateRule(rule: Rule, spec: JobSpec, path: FieldPath, found: Findings): void {
  choice(rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore'], path.child('action'), found, 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]');
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined)
    found.push(fieldErrors.invalid(path.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set'));
  const conditions = list(rule.onPodConditions);
  if (rule.onExitCodes) validateExitCodes(rule.onExitCodes, spec, path.child('onExitCodes'), found);
  if (conditions.length > maxRules) found.push(fieldErrors.tooMany(path.child('onPodConditions'), conditions.length, maxRules));
  conditions.forEach(({ type = '', status }, i) => {
    const at = path.child('onPodConditions').index(i);
    qualifiedName(type, at.child('type'), found);
    choice(status, ['False', 'True', 'Unknown'], at.child('status'), found, 'valid values: ["False" "True" "Unknown"]');
  });
  if (rule.onExitCodes && conditions.length > 0) found.push(fieldErrors.invalidUnnamed(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (!rule.onExitCodes && conditions.length === 0) found.push(fieldErrors.invalidUnnamed(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
}

/** What the failure of a pod means for the job. */
export function validatePodFailurePolicy(spec: JobSpec, policy: Loose<batchv1.PodFailurePolicy>, path: FieldPath, found: Findings): void {
  const rules = list(policy.rules);
  if (rules.length > maxRules) found.push(fieldErrors.tooMany(path.child('rules'), rules.length, maxRules));
  rules.forEach((rule, i) => validateRule(rule, spec, path.child('rules').index(i), found));
}

function validateSuccessRule({ succeededCount, succeededIndexes }: Loose<batchv1.SuccessPolicyRule>, completions: number, path: FieldPath, found: Findings): void {
  if (succeededCount === undefined && succeededIndexes === undefined)
    found.push(fieldErrors.required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  let named = 0;
  if (succeededIndexes !== undefined) {
    const at = path.child('succeededIndexes');
    if (succeededIndexes.length > maxIndexesLength) found.push(fieldErrors.tooLong(at, maxIndexesLength));
    try {
      named = countIndexes(succeededIndexes, completions);
    } catch (error) {
      if (!(error instanceof IndexesError)) throw error;
      found.push(fieldErrors.invalid(at, succeededIndexes, `error parsing succeededIndexes: ${error.message}`));
    }
  }
  if (succeededCount === undefined) return;
  const at = path.child('succeededCount');
  nonNegative(succeededCount, at, found);
  if (succeededCount > completions) found.push(fieldErrors.invalid(at, succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`));
  if (succeededIndexes !== undefined && succeededCount > named)
    found.push(fieldErrors.invalid(at, succeededCount, `must be less than or equal to ${named} (the number of indexes in the specified succeededIndexes field)`));
}

/** When an indexed job has succeeded before all of it is done. `path` is that of the job's spec. */
export function validateSuccessPolicy(spec: JobSpec, policy: Loose<batchv1.SuccessPolicy>, path: FieldPath, found: Findings): void {
  const at = path.child('successPolicy');
  if (spec.completionMode !== 'Indexed') {
    found.push(fieldErrors.invalid(at, policy, 'requires indexed completion mode'));
    return;
  }
  const rules = list(policy.rules);
  if (rules.length === 0) found.push(fieldErrors.required(at.child('rules'), 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > maxRules) found.push(fieldErrors.tooMany(at.child('rules'), rules.length, maxRules));
  rules.forEach((rule, i) => validateSuccessRule(rule, spec.completions ?? 0, at.child('rules').index(i), found));
}
