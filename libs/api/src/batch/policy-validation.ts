import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { batchv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { choice, type Findings, present } from '../validation/rules';

type JobSpec = Loose<batchv1.JobSpec>;
type Rule = Loose<batchv1.PodFailurePolicyRule>;

const maxRules = 20;
const maxExitCodes = 255;

function validateExitCodes(codes: NonNullable<Rule['onExitCodes']>, spec: JobSpec, path: FieldPath, found: Findings): void {
  choice(codes.operator, ['In', 'NotIn'], path.child('operator'), found);
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
}

function validateRule(rule: Rule, spec: JobSpec, path: FieldPath, found: Findings): void {
  choice(rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore'], path.child('action'), found);
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined)
    found.push(fieldErrors.invalid(path.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set'));
  const conditions = list(rule.onPodConditions);
  if (rule.onExitCodes) {
    if (conditions.length > 0) found.push(fieldErrors.invalid(path, '', 'specifying both OnExitCodes and OnPodConditions is not supported'));
    validateExitCodes(rule.onExitCodes, spec, path.child('onExitCodes'), found);
  } else if (conditions.length === 0) found.push(fieldErrors.invalid(path, '', 'specifying one of OnExitCodes and OnPodConditions is required'));
  conditions.forEach(({ type, status }, i) => {
    const at = path.child('onPodConditions').index(i);
    present(type, at.child('type'), found);
    choice(status, ['False', 'True', 'Unknown'], at.child('status'), found);
  });
}

/** What the failure of a pod means for the job. */
export function validatePodFailurePolicy(spec: JobSpec, policy: Loose<batchv1.PodFailurePolicy>, path: FieldPath, found: Findings): void {
  const rules = list(policy.rules);
  if (rules.length > maxRules) found.push(fieldErrors.tooMany(path.child('rules'), rules.length, maxRules));
  rules.forEach((rule, i) => validateRule(rule, spec, path.child('rules').index(i), found));
}

/** When an indexed job has succeeded before all of it is done. `path` is that of the job's spec. */
export function validateSuccessPolicy(spec: JobSpec, policy: Loose<batchv1.SuccessPolicy>, path: FieldPath, found: Findings): void {
  const at = path.child('successPolicy');
  if (spec.completionMode !== 'Indexed') found.push(fieldErrors.invalid(at, policy, 'requires indexed completion mode'));
  const rules = list(policy.rules);
  if (rules.length === 0) found.push(fieldErrors.required(at.child('rules'), 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > maxRules) found.push(fieldErrors.tooMany(at.child('rules'), rules.length, maxRules));
  rules.forEach(({ succeededCount, succeededIndexes }, i) => {
    const rule = at.child('rules').index(i);
    if (succeededCount === undefined && succeededIndexes === undefined)
      found.push(fieldErrors.required(rule, 'at least one of succeededCount or succeededIndexes must be specified'));
    if (succeededCount !== undefined && succeededCount <= 0) found.push(fieldErrors.invalid(rule.child('succeededCount'), succeededCount, 'must be greater than 0'));
  });
}
