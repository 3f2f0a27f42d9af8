import { fieldErrors, type FieldPath, labelKeyMessages, validateAnnotations } from '@navarch/apimachinery';
import { type Loose } from '../support/loose';
import { type Findings } from '../validation/rules';

/** What a pod's author tells a signer: as annotations of an object, but each key has a domain. */
export function validateUserAnnotations(annotations: Loose<Record<string, string>> | undefined, path: FieldPath, found: Findings): void {
  const given = Object.fromEntries(Object.entries(annotations ?? {}).map(([key, value = '']) => [key, value]));
  found.push(...validateAnnotations(given, path));
  for (const key of Object.keys(given))
    if (!key.includes('/') && labelKeyMessages(key.toLowerCase()).length === 0) found.push(fieldErrors.invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")'));
}
