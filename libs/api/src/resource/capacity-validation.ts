import { addQuantities, compareQuantities, fieldErrors, type FieldPath, formatQuantity, type Quantity } from '@navarch/apimachinery';
import type { resourcev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { readQuantity } from '../support/quantity';
import { type Findings } from '../validation/rules';
import { atMost, eachOnce } from './device-names';

const maxOptions = 10;

const above = (a: Quantity | undefined, b: Quantity | undefined): boolean => a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
const show = (quantity: Quantity): string => formatQuantity(quantity);

function validateValues(fallback: Quantity, most: Quantity, texts: readonly string[], path: FieldPath, found: Findings): void {
  const values = texts.map(readQuantity);
  values.forEach((value, i) => {
    if (i > 0 && value && above(values[i - 1], value)) found.push(fieldErrors.invalid(path.index(i), show(value), 'values must be sorted in ascending order'));
  });
  if (atMost(texts, maxOptions, path, found)) {
    values.forEach((value, i) => {
      if (value && above(value, most)) found.push(fieldErrors.invalid(path.index(i), show(value), `option is larger than capacity value: ${show(most)}`));
    });
    eachOnce(values, (value) => String(value?.nanos), path, found);
  }
  if (!values.some((value) => value && compareQuantities(value, fallback) === 0)) found.push(fieldErrors.invalid(path, show(fallback), 'default value is not valid according to the requestPolicy'));
}

function validateRange(fallback: Quantity, most: Quantity, range: Loose<resourcev1.CapacityRequestPolicyRange>, path: FieldPath, found: Findings): void {
  const [min, max, step] = [readQuantity(range.min), readQuantity(range.max), readQuantity(range.step)];
  if (!min) {
    found.push(fieldErrors.required(path.child('min'), 'required when validRange is defined'));
    return;
  }
  if (above(min, most)) found.push(fieldErrors.invalid(path.child('min'), show(min), `min is larger than capacity value: ${show(most)}`));
  if (above(min, fallback)) found.push(fieldErrors.invalid(path.child('default'), show(fallback), `default is less than min: ${show(min)}`));
  if (max) {
    if (above(min, max)) found.push(fieldErrors.invalid(path.child('max'), show(min), `min is larger than max: ${show(max)}`));
    if (above(max, most)) found.push(fieldErrors.invalid(path.child('max'), show(max), `max is larger than capacity value: ${show(most)}`));
    if (above(fallback, max)) found.push(fieldErrors.invalid(path.child('default'), show(fallback), `default is more than max: ${show(max)}`));
  }
  if (!step) return;
  const at = path.child('step');
  if (step.nanos <= 0n) {
    found.push(fieldErrors.invalid(at, show(step), 'must be greater than zero'));
    return;
  }
  const added = addQuantities(min, step);
  if (above(added, most)) found.push(fieldErrors.invalid(at, show(step), `one step ${show(added)} is larger than capacity value: ${show(most)}`));
  for (const value of [fallback, max])
    if (value && (value.nanos - min.nanos) % step.nanos !== 0n) found.push(fieldErrors.invalid(at, show(value), `value is not a multiple of a given step (${show(step)}) from (${show(min)})`));
}

/** How much of a device's capacity a request takes; only of a device that several may have. */
export function validateCapacity({ value, requestPolicy }: Loose<resourcev1.DeviceCapacity>, isShared: boolean, path: FieldPath, found: Findings): void {
  if (!requestPolicy) return;
  const at = path.child('requestPolicy');
  if (!isShared) {
    found.push(fieldErrors.forbidden(at, 'allowMultipleAllocations must be true'));
    return;
  }
  const { validRange } = requestPolicy;
  const values = list(requestPolicy.validValues);
  if (values.length > 0 && validRange) {
    found.push(fieldErrors.forbidden(at, 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'));
    return;
  }
  if (values.length === 0 && !validRange) return;
  const [fallback, most] = [readQuantity(requestPolicy.default), readQuantity(value)];
  if (!fallback) found.push(fieldErrors.required(at.child('default'), `required when ${validRange ? 'validRange' : 'validValues'} is defined`));
  else if (most && validRange) validateRange(fallback, most, validRange, at.child('validRange'), found);
  else if (most) validateValues(fallback, most, values, at.child('validValues'), found);
}
