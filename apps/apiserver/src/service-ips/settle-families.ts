import { fieldErrors, FieldPath, type FieldError } from '@navarch/apimachinery';
import type { ServiceObject } from './service-claims';

const spec = FieldPath.of('spec');

/** Fills in IP families and their policy for a cluster of IPv4 only, as upstream's initIPFamilyFields. */
export function settleFamilies(service: ServiceObject): FieldError[] {
  const fields = service.spec;
  if (!fields || fields.type === 'ExternalName') return [];
  const headless = fields.clusterIP === 'None';
  if (headless && Object.keys(fields.selector ?? {}).length === 0) {
    // Nothing here chooses addresses, so nothing hinders both families.
    if (fields.ipFamilyPolicy === undefined && (fields.ipFamilies ?? []).length === 0) {
      fields.ipFamilyPolicy = 'RequireDualStack';
      fields.ipFamilies = ['IPv4', 'IPv6'];
    }
  }
  fields.ipFamilyPolicy ??= 'SingleStack';
  const errors: FieldError[] = [];
  if (headless && Object.keys(fields.selector ?? {}).length === 0) return errors;
  if (fields.ipFamilyPolicy === 'RequireDualStack')
    errors.push(fieldErrors.invalid(spec.child('ipFamilyPolicy'), fields.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  (fields.ipFamilies ?? []).forEach((family, i) => {
    if (family === 'IPv6') errors.push(fieldErrors.invalid(spec.child('ipFamilies').index(i), family, 'not configured on this cluster'));
  });
  if ((fields.ipFamilies ?? []).length === 0) fields.ipFamilies = ['IPv4'];
  return errors;
}
