import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings } from '../validation/rules';

const normalised = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const digits = '[\\da-f]{8}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{4}-[\\da-f]{12}';

/** The forms that Go's uuid library reads, by their lengths. */
const forms: Readonly<Record<number, RegExp>> = {
  32: /^[\da-f]{32}$/i, 36: new RegExp(`^${digits}$`, 'i'), 38: new RegExp(`^\\{${digits}\\}$`, 'i'), 45: new RegExp(`^urn:uuid:${digits}$`, 'i'),
};

function faultOf(id: string): string | undefined {
  const form = forms[id.length];
  if (form === undefined) return `invalid UUID length: ${id.length}`;
  if (id.length === 45 && id.slice(0, 9).toLowerCase() !== 'urn:uuid:') return `invalid urn prefix: ${JSON.stringify(id.slice(0, 9))}`;
  return form.test(id) ? undefined : 'invalid UUID format';
}

/** Which share of a device is meant: a UUID in the one form that is the same for all. */
export function validateShareId(id: string, path: FieldPath, found: Findings): void {
  const fault = faultOf(id);
  if (fault !== undefined) found.push(fieldErrors.invalid(path, id, `error validating uid: ${fault}`));
  else if (!normalised.test(id)) found.push(fieldErrors.invalid(path, id, 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'));
}
