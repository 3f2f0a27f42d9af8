import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { dnsSubdomain, type Findings, present } from './rules';

const maxDriverName = 63;

/** What a CSI driver is called: upstream's ValidateCSIDriverName. */
export function validateDriverName(name: string | undefined, path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  if (name.length > maxDriverName) found.push(fieldErrors.tooLong(path, maxDriverName));
  dnsSubdomain(name.toLowerCase(), path, found);
}
