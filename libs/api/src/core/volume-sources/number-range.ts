import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from '../../validation/rules';

const max = 255;

/** A logical unit or a partition; `said` is the least that the text tells of. */
export function validateNumber(value: number, said: number, path: FieldPath, found: Findings): void {
  if (value < 0 || value > max) found.push(fieldErrors.invalid(path, value, `must be between ${said} and ${max}, inclusive`));
}
