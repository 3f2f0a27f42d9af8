import { type ContentRules, contentRules } from '../validation/kind-validation';
import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { networkingv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { canonicalCidr, canonicalIpMessages } from '../validation/ip';
import { dnsSubdomain, type Findings, immutable, pathPrefixedName, present, supported } from '../validation/rules';
import { ingressValidation } from './ingress-validation';
import { networkPolicyValidation } from './network-policy-validation';

const specPath = FieldPath.of('spec');

const ingressClassValidation = contentRules<Loose<networkingv1.IngressClass>>({
  content({ spec = {} }) {
    const found: Findings = [];
    const { controller = '', parameters } = spec;
    if (controller.length > 250) found.push(fieldErrors.tooLong(specPath.child('controller'), 250));
    if (present(controller, specPath.child('controller'), found)) pathPrefixedName(controller, specPath.child('controller'), found);
    if (!parameters) return found;
    const path = specPath.child('parameters');
    if (parameters.apiGroup) dnsSubdomain(parameters.apiGroup, path.child('aPIGroup'), found);
    present(parameters.kind, path.child('kind'), found);
    present(parameters.name, path.child('name'), found);
    if (parameters.scope === undefined) found.push(fieldErrors.required(path.child('scope')));
    else supported(parameters.scope, ['Cluster', 'Namespace'], path.child('scope'), found);
    if (parameters.scope === 'Namespace' && !parameters.namespace)
      found.push(fieldErrors.required(path.child('namespace'), '`parameters.scope` is set to \'Namespace\''));
    if (parameters.scope === 'Cluster' && parameters.namespace !== undefined)
      found.push(fieldErrors.forbidden(path.child('namespace'), '`parameters.scope` is set to \'Cluster\''));
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    immutable(spec?.controller, old?.controller, specPath.child('controller'), found);
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
      present(parent.resource, path.child('resource'), found);
      present(parent.name, path.child('name'), found);
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
  content({ spec }) {
    const found: Findings = [];
    const path = specPath.child('cidrs');
    const cidrs = list(spec?.cidrs);
    if (cidrs.length === 0) found.push(fieldErrors.required(path, 'at least one CIDR required'));
    if (cidrs.length > 2) found.push(fieldErrors.invalid(path, spec, 'may only hold up to 2 values'));
    const families = cidrs.map((cidr, i) => canonicalCidr(cidr, path.index(i), found)?.ip.family);
    if (cidrs.length === 2 && families[0] === families[1]) found.push(fieldErrors.invalid(path, spec, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/96'));
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    list(old?.cidrs).forEach((cidr, i) => immutable(list(spec?.cidrs)[i], cidr, specPath.child('cidrs').index(i), found));
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
