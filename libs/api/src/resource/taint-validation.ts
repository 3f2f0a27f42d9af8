import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { resourcev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { choice, type Findings, labelValue, qualifiedName, supported } from '../validation/rules';
import { atMost, eachOnce } from './device-names';

const effects = ['NoExecute', 'NoSchedule', 'None'];
/** Of conditions that decide when a device is ready, or is not going to be. */
const maxConditions = 4;

/** `before`: an effect that it had already, which may stay. */
export function validateDeviceTaint({ key = '', value, effect }: Loose<resourcev1.DeviceTaint>, path: FieldPath, found: Findings, before?: string): void {
  qualifiedName(key, path.child('key'), found);
  if (value) labelValue(value, path.child('value'), found);
  if (before === undefined || before !== effect) choice(effect, effects, path.child('effect'), found);
}

export function validateDeviceTolerations(tolerations: readonly Loose<resourcev1.DeviceToleration>[] | undefined, path: FieldPath, found: Findings): void {
  list(tolerations).forEach(({ key, operator, value = '', effect }, i) => {
    const at = path.index(i);
    if (key) qualifiedName(key, at.child('key'), found);
    if (operator === 'Exists') {
      if (value !== '') found.push(fieldErrors.invalid(at.child('value'), value, 'must be empty for operator `Exists`'));
    } else if (operator === 'Equal') labelValue(value, at.child('value'), found);
    else choice(operator, ['Equal', 'Exists'], at.child('operator'), found);
    supported(effect, effects, at.child('effect'), found);
  });
}

type Conditions = Loose<Pick<resourcev1.Device, 'bindingConditions' | 'bindingFailureConditions'>>;

/** Conditions of either sort need the other, and one is of one sort. */
export function validateBindingConditions({ bindingConditions, bindingFailureConditions }: Conditions, path: FieldPath, found: Findings): void {
  const [ready, failed] = [list(bindingConditions), list(bindingFailureConditions)];
  for (const [field, names] of [['bindingConditions', ready], ['bindingFailureConditions', failed]] as const) {
    if (atMost(names, maxConditions, path.child(field), found)) names.forEach((name, i) => qualifiedName(name, path.child(field).index(i), found));
    eachOnce(names, (name) => name, path.child(field), found);
  }
  failed.forEach((name, i) => {
    if (ready.includes(name)) found.push(fieldErrors.invalid(path.child('bindingFailureConditions').index(i), name, 'bindingFailureConditions must not overlap with bindingConditions'));
  });
  if (ready.length === 0 && failed.length > 0) {
    found.push(
      fieldErrors.invalid(path.child('bindingConditions'), bindingConditions ?? null, 'bindingConditions are required to use bindingFailureConditions'),
    );
  }
  if (failed.length === 0 && ready.length > 0)
    found.push(fieldErrors.invalid(path.child('bindingFailureConditions'), bindingFailureConditions ?? null, 'bindingFailureConditions are required to use bindingConditions'));
}
