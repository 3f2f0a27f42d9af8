import { familyOf, fieldErrors, FieldPath, type FieldError, type IpFamily } from '@navarch/apimachinery';
import type { ServiceObject } from './service-claims';

const spec = FieldPath.of('spec');
type Fields = NonNullable<ServiceObject['spec']>;

const addressesOf = ({ clusterIP = '', clusterIPs }: Fields): readonly string[] => (clusterIPs ?? (clusterIP === '' ? [] : [clusterIP])).filter((address) => address !== '');
const otherThan = (family: string): IpFamily => (family === 'IPv4' ? 'IPv6' : 'IPv4');

/**
 * Fills in IP families and their policy, by what the Service asks for and what families this cluster has, the first of which is
 * the default. Mirrors upstream's initIPFamilyFields, and trimFieldsForDualStackDowngrade.
 */
export function settleFamilies(service: ServiceObject, before: ServiceObject | undefined, cluster: readonly IpFamily[]): FieldError[] {
  const fields = service.spec;
  if (!fields || fields.type === 'ExternalName') return [];
  if (before !== undefined) downgrade(fields, before.spec);
  // A Service that prefers both families is not moved when the cluster comes to have them, or has them no longer.
  if (before !== undefined && isSamePreference(fields, before.spec)) return [];
  const headless = addressesOf(fields)[0] === 'None';
  const errors = [...inferFromAddresses(fields, cluster), ...(policyOfTwo(fields))];
  if (errors.length > 0) return errors;
  if (headless && Object.keys(fields.selector ?? {}).length === 0) {
    // Nothing here chooses addresses, so nothing hinders both families.
    fields.ipFamilyPolicy ??= 'RequireDualStack';
    if ((fields.ipFamilies ?? []).length === 0) fields.ipFamilies = [cluster[0] ?? 'IPv4'];
    addSecond(fields);
    return [];
  }
  fields.ipFamilyPolicy ??= 'SingleStack';
  if ((fields.ipFamilies ?? []).length === 0) fields.ipFamilies = [cluster[0] ?? 'IPv4'];
  const unknown = (fields.ipFamilies ?? []).flatMap((family, i) =>
    cluster.includes(family as IpFamily) ? [] : [fieldErrors.invalid(spec.child('ipFamilies').index(i), family, 'not configured on this cluster')],
  );
  if (fields.ipFamilyPolicy === 'RequireDualStack' && cluster.length < 2) {
    unknown.unshift(fieldErrors.invalid(spec.child('ipFamilyPolicy'), fields.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  }
  if (cluster.length > 1) addSecond(fields);
  return unknown;
}

function addSecond(fields: Fields): void {
  const [first, second] = fields.ipFamilies ?? [];
  if (fields.ipFamilyPolicy !== 'SingleStack' && first !== undefined && second === undefined) fields.ipFamilies = [first, otherThan(first)];
}

/** Addresses that are asked for tell their families. */
function inferFromAddresses(fields: Fields, cluster: readonly IpFamily[]): FieldError[] {
  const errors: FieldError[] = [];
  addressesOf(fields).forEach((address, i) => {
    if (address === 'None') return;
    const family = familyOf(address);
    if (fields.ipFamilies?.[i] !== undefined) return;
    if (cluster.includes(family)) fields.ipFamilies = [...(fields.ipFamilies ?? []), family];
    else errors.push(fieldErrors.invalid(spec.child('clusterIPs').index(i), address, `may not use ${family} on a cluster which is not configured for it`));
  });
  return errors;
}

function policyOfTwo(fields: Fields): FieldError[] {
  const policy = fields.ipFamilyPolicy ?? 'SingleStack';
  if (policy !== 'SingleStack') return [];
  const message = 'must be RequireDualStack or PreferDualStack when multiple IP families are specified';
  return (fields.ipFamilies ?? []).length === 2 || addressesOf(fields).length === 2 ? [fieldErrors.invalid(spec.child('ipFamilyPolicy'), fields.ipFamilyPolicy ?? '', message)] : [];
}

/** Who goes from both families to one need not name what goes: the second does. */
function downgrade(fields: Fields, before: Fields | undefined): void {
  if (fields.ipFamilyPolicy !== 'SingleStack' || before === undefined) return;
  const same = (a: readonly string[] = [], b: readonly string[] = []): boolean => a.length === b.length && a.every((value, i) => value === b[i]);
  if ((before.clusterIPs?.length ?? 0) === 2 && same(before.clusterIPs, fields.clusterIPs)) fields.clusterIPs = before.clusterIPs?.slice(0, 1) ?? [];
  if ((before.ipFamilies?.length ?? 0) === 2 && same(before.ipFamilies, fields.ipFamilies)) fields.ipFamilies = before.ipFamilies?.slice(0, 1) ?? [];
}

function isSamePreference(fields: Fields, before: Fields | undefined): boolean {
  if (before === undefined || before.type === 'ExternalName' || fields.ipFamilyPolicy !== 'PreferDualStack' || before.ipFamilyPolicy !== 'PreferDualStack') return false;
  const of = ({ clusterIPs = [], ipFamilies = [] }: Fields): string => JSON.stringify([clusterIPs, ipFamilies]);
  return of(fields) === of(before);
}
