import { type FieldPath, pathSegmentNameMessages } from '@navarch/apimachinery';
import { type Loose } from '../support/loose';
import { dnsSubdomain, type Findings, present, refuse } from '../validation/rules';

/** Which object, of whatever kind, tells a controller more. */
export function validateParameters(reference: Loose<{ apiGroup: string; kind: string; name: string }>, path: FieldPath, found: Findings): void {
  if (reference.apiGroup !== undefined) dnsSubdomain(reference.apiGroup, path.child('apiGroup'), found);
  for (const field of ['kind', 'name'] as const) {
    const value = reference[field];
    if (present(value, path.child(field), found)) refuse(pathSegmentNameMessages(value), value, path.child(field), found);
  }
}
