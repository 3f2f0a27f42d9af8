import { type ContentRules, contentRules } from '../validation/kind-validation';
import { fieldErrors, FieldPath, pathSegmentNameMessages } from '@navarch/apimachinery';
import type { networkingv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { canonicalCidr, canonicalIpMessages } from '../validation/ip';
import { parseCidr } from '../validation/ip-address';
import { dnsLabel, dnsSubdomain, type Findings, immutable, immutableFinding, oneOf, pathPrefixedName, pathSegment, present, refuse } from '../validation/rules';
import { ingressValidation } from './ingress-validation';
import { networkPolicyValidation } from './network-policy-validation';
import { validateParameters } from './parameters-validation';

const specPath = FieldPath.of('spec');

const ingressClassValidation = contentRules<Loose<networkingv1.IngressClass>>({
  content({ spec = {} }) {
    const found: Findings = [];
    const { controller = '', parameters } = spec;
    if (controller.length > 250) found.push(fieldErrors.tooLong(specPath.child('controller'), 250));
    if (present(controller, specPath.child('controller'), found)) pathPrefixedName(controller, specPath.child('controller'), found);
    if (!parameters) return found;
    const path = specPath.child('parameters');
    validateParameters(parameters, path, found);
    if (parameters.scope === undefined) {
      found.push(fieldErrors.required(path.child('scope')));
      return found;
    }
    oneOf(parameters.scope, ['Cluster', 'Namespace'], path.child('scope'), found);
    if (parameters.scope === 'Namespace') {
      if (parameters.namespace === undefined) found.push(fieldErrors.required(path.child('namespace'), '`parameters.scope` is set to \'Namespace\''));
      else dnsLabel(parameters.namespace, path.child('namespace'), found);
    }
    if (parameters.scope === 'Cluster' && parameters.namespace !== undefined)
      found.push(fieldErrors.forbidden(path.child('namespace'), '`parameters.scope` is set to \'Cluster\''));
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    immutable(spec?.controller ?? '', old?.controller ?? '', specPath.child('controller'), found);
    return found;
  },
});

const ipAddressValidation = contentRules<Loose<networkingv1.IPAddress>>({
  name: canonicalIpMessages,
  content({ spec }) {
    const found: Findings = [];
    const parent = spec?.parentRef;
    const path = specPath.child('parentRef');
    if (!parent) found.push(fieldErrors.required(path));
    else {
      // The core group, of Services, is the empty one.
      if (parent.group) dnsSubdomain(parent.group, path.child('group'), found);
      pathSegment(parent.resource, path.child('resource'), found);
      pathSegment(parent.name, path.child('name'), found);
      if (parent.namespace) refuse(pathSegmentNameMessages(parent.namespace), parent.namespace, path.child('namespace'), found);
    }
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    immutable(spec?.parentRef, old?.parentRef, specPath.child('parentRef'), found);
    return found;
  },
});

const serviceCidrValidation = contentRules<Loose<networkingv1.ServiceCIDR>>({
  content({ spec }, old) {
    const found: Findings = [];
    const path = specPath.child('cidrs');
    const cidrs = list(spec?.cidrs);
    // Only where another range comes along: whatever else a change does is told by `change`.
    if (old !== undefined && !(cidrs.length === 2 && list(old.spec?.cidrs).length === 1)) return found;
    const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.ip.family));
    if (cidrs.length === 0) found.push(fieldErrors.required(path, 'at least one CIDR required'));
    else if (cidrs.length > 2) found.push(fieldErrors.invalid(path, spec, 'may only hold up to 2 values'));
    else {
      cidrs.forEach((cidr, i) => canonicalCidr(cidr, path.index(i), found));
      if (cidrs.length === 2 && families.size === 1 && !families.has(undefined))
        found.push(fieldErrors.invalid(path, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'));
    }
    return found;
  },
  /** Only the range of the other family may come. */
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    const [cidrs, before] = [list(spec?.cidrs), list(old?.cidrs)];
    const path = specPath.child('cidrs');
    if (cidrs.length === before.length || (cidrs.length === 2 && before.length === 1)) before.forEach((cidr, i) => immutable(cidrs[i], cidr, path.index(i), found));
    else found.push(immutableFinding(cidrs.length === 0 ? null : cidrs, path));
    return found;
  },
});

/** By `<group>/<kind>`. */
export const networkingValidation: Readonly<Record<string, ContentRules>> = {
  'networking.k8s.io/IPAddress': ipAddressValidation,
  'networking.k8s.io/Ingress': ingressValidation,
  'networking.k8s.io/IngressClass': ingressClassValidation,
  'networking.k8s.io/NetworkPolicy': networkPolicyValidation,
  'networking.k8s.io/ServiceCIDR': serviceCidrValidation,
};
