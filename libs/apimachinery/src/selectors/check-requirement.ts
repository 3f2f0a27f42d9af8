import { fieldErrors, type FieldError } from '../validation/field-error';
import { FieldPath } from '../validation/field-path';
import { labelKeyMessages, labelValueMessages } from '../validation/labels';
import { parseInt64, type LabelRequirement } from './label-requirement';

/** Why this cannot be a label's key, if it cannot. */
export function labelKeyError(key: string, path: FieldPath | string): FieldError | undefined {
  const messages = labelKeyMessages(key);
  return messages.length === 0 ? undefined : fieldErrors.invalid(path, key, messages.join('; '));
}

/** What is wrong with a condition, in upstream's words. */
export function checkRequirement({ key, operator, values }: LabelRequirement): FieldError[] {
  const errors: FieldError[] = [];
  const wrong = labelKeyError(key, 'key');
  if (wrong) errors.push(wrong);
  const path = FieldPath.of('values');
  const refuse = (detail: string): void => void errors.push(fieldErrors.invalid(path, values, detail));
  if (operator === 'in' || operator === 'notin') {
    if (values.length === 0) refuse("for 'in', 'notin' operators, values set can't be empty");
  } else if (operator === 'exists' || operator === '!') {
    if (values.length > 0) refuse('values set must be empty for exists and does not exist');
  } else if (operator === 'gt' || operator === 'lt') {
    if (values.length !== 1) refuse("for 'Gt', 'Lt' operators, exactly one value is required");
    values.forEach((value, i) => {
      if (parseInt64(value) === undefined) errors.push(fieldErrors.invalid(path.index(i), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    });
  } else if (values.length !== 1) refuse('exact-match compatibility requires one single value');
  values.forEach((value, i) => {
    const messages = labelValueMessages(value);
    if (messages.length > 0) errors.push(fieldErrors.invalid(path.index(i).key(key), value, messages.join('; ')));
  });
  return errors;
}
