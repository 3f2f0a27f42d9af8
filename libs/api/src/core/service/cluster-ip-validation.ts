import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { type FormerTexts, ipFamilyOf, validIp } from '../../validation/ip';
import { type Findings, oneOf } from '../../validation/rules';
import { isHeadless } from './headless';

type Spec = Loose<corev1.ServiceSpec>;

const specPath = FieldPath.of('spec');
const ipsPath = specPath.child('clusterIPs');
const oncePerFamily = 'may specify no more than one IP for each IP family';

function validateFamilies({ ipFamilies, ipFamilyPolicy }: Spec, found: Findings): void {
  const seen = new Set<string>();
  list(ipFamilies).forEach((family, i) => {
    const at = specPath.child('ipFamilies').index(i);
    oneOf(family, ['IPv4', 'IPv6'], at, found);
    if (seen.has(family)) found.push(fieldErrors.duplicate(at, family));
    seen.add(family);
  });
  if (ipFamilyPolicy !== undefined) oneOf(ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'], specPath.child('ipFamilyPolicy'), found);
}

/** The addresses of a Service: one of each family at most, and the first is the old single field. `before` are those it had. */
export function validateClusterIps(spec: Spec, before: FormerTexts, found: Findings): void {
  if (spec.type === 'ExternalName') return;
  validateFamilies(spec, found);
  const ips = list(spec.clusterIPs);
  const single = spec.clusterIP ?? '';
  if (ips.length === 0) {
    if (single !== '') found.push(fieldErrors.required(ipsPath));
    return;
  }
  if (single === '') found.push(fieldErrors.invalid(ipsPath, ips, 'must be empty when `clusterIP` is not specified'));
  else if (single !== ips[0]) found.push(fieldErrors.invalid(ipsPath, ips, 'first value must match `clusterIP`'));
  if (ips[0] === 'None') {
    if (ips.length > 1) found.push(fieldErrors.invalid(ipsPath, ips, "'None' must be the first and only value"));
    return;
  }
  const areValid = ips.map((ip, i) => validIp(ip, ipsPath.index(i), found, before));
  if (ips.length > 2) found.push(fieldErrors.invalid(ipsPath, ips, 'may only hold up to 2 values'));
  // What is no address has no family either.
  if (areValid.includes(false)) return;
  const families = ips.map(ipFamilyOf);
  if (ips.length > 1 && new Set(families).size === 1) found.push(fieldErrors.invalid(ipsPath, ips, oncePerFamily));
  list(spec.ipFamilies).slice(0, ips.length).forEach((family, i) => {
    if ((family === 'IPv4' || family === 'IPv6') && family !== families[i]) found.push(fieldErrors.invalid(ipsPath.index(i), ips[i], `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
  });
}

const mayNotChange = 'may not change once set';

/** Who gives up a second address or family says so. */
function validateRelease(spec: Spec, what: 'clusterIP' | 'ipFamily', found: Findings): void {
  if (spec.ipFamilyPolicy !== 'SingleStack')
    found.push(fieldErrors.invalid(specPath.child('ipFamilyPolicy'), spec.ipFamilyPolicy ?? null, `must be set to 'SingleStack' when releasing the secondary ${what}`));
}

function validateAddressChange(spec: Spec, old: Spec, found: Findings): void {
  const [ips, before] = [list(spec.clusterIPs), list(old.clusterIPs)];
  if (isHeadless(spec) && isHeadless(old)) return;
  if (before.length === ips.length) {
    before.forEach((ip, i) => {
      if (ip !== ips[i]) found.push(fieldErrors.invalid(ipsPath.index(i), ips, mayNotChange));
    });
    return;
  }
  if (ips.length === 0) found.push(fieldErrors.invalid(ipsPath.index(0), ips, 'primary clusterIP can not be unset'));
  else if (before.length > 0 && ips[0] !== before[0]) found.push(fieldErrors.invalid(ipsPath.index(0), ips, mayNotChange));
  if (before.length > ips.length && ips.length === 1) validateRelease(spec, 'clusterIP', found);
}

function validateFamilyChange(spec: Spec, old: Spec, found: Findings): void {
  // Without addresses families are free.
  if (isHeadless(spec) || isHeadless(old)) return;
  const [families, before] = [list(spec.ipFamilies), list(old.ipFamilies)];
  const first = specPath.child('ipFamilies').index(0);
  if (before.length === families.length) {
    before.forEach((family, i) => {
      if (family !== families[i]) found.push(fieldErrors.invalid(first, families, mayNotChange));
    });
    return;
  }
  if (before.length > families.length && list(spec.clusterIPs).length === 0) found.push(fieldErrors.invalid(first, families, 'primary ipFamily can not be unset'));
  if (families.length > 0 && before.length > 0 && families[0] !== before[0]) found.push(fieldErrors.invalid(first, list(spec.clusterIPs), mayNotChange));
  if (before.length > families.length && families.length === 1) validateRelease(spec, 'ipFamily', found);
}

/** The first address stays, unless the Service becomes, or was, a mere alias. A second may come and go. */
export function validateClusterIpChange(spec: Spec, old: Spec, found: Findings): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return;
  validateAddressChange(spec, old, found);
  validateFamilyChange(spec, old, found);
}
