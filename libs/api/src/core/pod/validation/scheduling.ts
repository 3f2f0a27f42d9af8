import { decimalIntegerMessages, fieldErrors, type FieldPath, goQuote, type LabelSelector, labelValueMessages, parseInt64, validateLabelSelector } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Gates } from '../../../validation/kind-validation';
import { type Findings, notAboveZeroMessage, present, qualifiedName, refuse, supported } from '../../../validation/rules';
import { isFaulty } from '../../../validation/selector-faults';
import { breaksLabelKeys, validateLabelKeys, validateUnmergedLabelKeys } from './label-keys';

export const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

type Tolerations = readonly Loose<corev1.Toleration>[] | undefined;

const isComparison = (operator: string | undefined): boolean => operator === 'Lt' || operator === 'Gt';

/** Whether tolerations may compare numbers: as the gate of that says, or because those that they replace did (upstream's allowTaintTolerationComparisonOperators). */
export function mayCompare(before: Tolerations, { isOpen }: Gates): boolean {
  return isOpen === undefined || isOpen('TaintTolerationComparisonOperators') || list(before).some(({ operator }) => isComparison(operator));
}

/** A number to compare with: 64 bits of it. */
function validateBound(value: string, path: FieldPath, found: Findings): void {
  refuse(decimalIntegerMessages(value), value, path, found);
  // With what Go says of it besides.
  if (parseInt64(value) === undefined) refuse([`strconv.ParseInt: parsing ${goQuote(value)}: ${/^[+-]?[0-9]+$/.test(value) ? 'value out of range' : 'invalid syntax'}`], value, path, found);
}

export function validateTolerations(tolerations: Tolerations, comparing: boolean, path: FieldPath, found: Findings): void {
  list(tolerations).forEach((toleration, i) => {
    const at = path.index(i);
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    if (key !== '') qualifiedName(key, at.child('key'), found);
    else if (operator !== 'Exists')
      found.push(fieldErrors.invalid(at.child('operator'), operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"'));
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      found.push(fieldErrors.invalid(at.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    if (operator === '' || operator === 'Equal') {
      const messages = labelValueMessages(value);
      if (messages.length > 0) found.push(fieldErrors.invalid(at.child('operator'), value, messages.join(';')));
    } else if (operator === 'Exists') {
      if (value !== '') found.push(fieldErrors.invalid(at.child('operator'), value, "value must be empty when `operator` is 'Exists'"));
    } else if (!isComparison(operator)) found.push(fieldErrors.notSupported(at.child('operator'), operator, ['Equal', 'Exists']));
    else if (comparing) validateBound(value, at.child('value'), found);
    // Upstream names them all the same.
    else found.push(fieldErrors.notSupported(at.child('operator'), operator, ['Equal', 'Exists', 'Lt', 'Gt']));
    supported(effect, taintEffects, at.child('effect'), found);
  });
}

type Constraints = readonly Loose<corev1.TopologySpreadConstraint>[] | undefined;

/** `before`: those that these replace, whose selectors were not always looked at, and whose keys were not always merged into them. */
export function validateSpreadConstraints(constraints: Constraints, before: Constraints, path: FieldPath, found: Findings): void {
  const all = list(constraints);
  const unmerged = list(before).some(breaksLabelKeys);
  const pairs = all.map(({ topologyKey = '', whenUnsatisfiable = '' }) => `{${topologyKey}, ${whenUnsatisfiable}}`);
  all.forEach((constraint, i) => {
    const at = path.index(i);
    const { maxSkew = 0, minDomains, topologyKey = '', whenUnsatisfiable = '' } = constraint;
    if (maxSkew <= 0) found.push(fieldErrors.invalid(at.child('maxSkew'), maxSkew, notAboveZeroMessage));
    present(topologyKey, at.child('topologyKey'), found, 'can not be empty');
    if (!['DoNotSchedule', 'ScheduleAnyway'].includes(whenUnsatisfiable))
      found.push(fieldErrors.notSupported(at.child('whenUnsatisfiable'), whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']));
    // Of two of a kind the first is the one that upstream names.
    const pair = pairs[i] ?? '';
    if (pairs.includes(pair, i + 1)) found.push(fieldErrors.duplicate(at.child('{topologyKey, whenUnsatisfiable}'), pair));
    if (minDomains !== undefined) {
      if (minDomains <= 0) found.push(fieldErrors.invalid(at.child('minDomains'), minDomains, notAboveZeroMessage));
      if (whenUnsatisfiable !== 'DoNotSchedule')
        found.push(fieldErrors.invalid(at.child('minDomains'), minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`));
    }
    supported(constraint.nodeAffinityPolicy, ['Honor', 'Ignore'], at.child('nodeAffinityPolicy'), found);
    supported(constraint.nodeTaintsPolicy, ['Honor', 'Ignore'], at.child('nodeTaintsPolicy'), found);
    const faults = validateLabelSelector(constraint.labelSelector as LabelSelector | undefined, at.child('labelSelector'));
    if (faults.length > 0 && !list(before).some(({ labelSelector }) => isFaulty(labelSelector))) found.push(...faults);
    if (unmerged) validateUnmergedLabelKeys(constraint, at.child('matchLabelKeys'), found);
    else validateLabelKeys(constraint, at, found);
  });
}

/** Gates keep a pod from the scheduler, each by its name. */
export function validateSchedulingGates(gates: readonly Loose<corev1.PodSchedulingGate>[] | undefined, path: FieldPath, found: Findings): void {
  const seen = new Set<string>();
  list(gates).forEach(({ name = '' }, i) => {
    qualifiedName(name, path.index(i), found);
    if (seen.has(name)) found.push(fieldErrors.duplicate(path.index(i), name));
    seen.add(name);
  });
}
