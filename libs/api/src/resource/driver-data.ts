import { exactJsonText, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from '../validation/rules';

/** A JSON object of the driver's own. `stored`: it was taken when there was no limit. */
export function validateRaw(raw: unknown, limit: number, path: FieldPath, found: Findings, stored = false): void {
  if (raw === undefined || raw === null) found.push(fieldErrors.required(path));
  else if (!stored && Buffer.byteLength(exactJsonText(raw)) > limit) found.push(fieldErrors.tooLong(path, limit));
  else if (typeof raw !== 'object' || Array.isArray(raw)) found.push(fieldErrors.invalid(path, '<value omitted>', 'must be a valid JSON object'));
}
