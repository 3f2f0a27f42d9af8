import { dns1123LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath, portNameMessages, wildcardSubdomainMessages } from '@navarch/apimachinery';
import { loadBalancerWarnings } from '../core/service/warnings';
import type { networkingv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { ipFamilyOf, validIp } from '../validation/ip';
import { contentRules } from '../validation/kind-validation';
import { dnsSubdomain, type Findings, portNumber, present, refuse } from '../validation/rules';
import { validateParameters } from './parameters-validation';

type Ingress = Loose<networkingv1.Ingress>;
type Backend = Loose<networkingv1.IngressBackend>;

const specPath = FieldPath.of('spec');
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
/** A path with these could be read in two ways. */
const ambiguous = ['//', '/./', '/../', '%2f', '%2F'];
const ambiguousEnds = ['/..', '/.'];

const mustBeName = 'must be a DNS name, not an IP address';

function hostName(host: string, path: FieldPath, found: Findings): void {
  if (ipFamilyOf(host) !== undefined) found.push(fieldErrors.invalid(path, host, mustBeName));
  refuse(host.includes('*') ? wildcardSubdomainMessages(host) : dns1123SubdomainMessages(host), host, path, found);
}

function validateBackend({ service, resource }: Backend, path: FieldPath, found: Findings): void {
  if (service && resource) found.push(fieldErrors.invalid(path, '', 'cannot set both resource and service backends'));
  else if (resource) {
    validateParameters(resource, path.child('resource'), found);
  } else if (service) {
    const at = path.child('service');
    if (present(service.name, at.child('name'), found)) refuse(dns1123LabelMessages(service.name), service.name, at.child('name'), found);
    const { name = '', number = 0 } = service.port ?? {};
    if (name !== '' && number !== 0) found.push(fieldErrors.invalid(path, '', 'cannot set both port name & port number'));
    else if (name !== '') refuse(portNameMessages(name), name, at.child('port', 'name'), found);
    else if (number !== 0) portNumber(number, at.child('port', 'number'), found);
    else found.push(fieldErrors.required(path, 'port name or number is required'));
  } else found.push(fieldErrors.invalid(path, '', 'resource or service backend is required'));
}

function validatePath({ path: text = '', pathType, backend }: Loose<networkingv1.HTTPIngressPath>, path: FieldPath, found: Findings): void {
  if (pathType === undefined) {
    found.push(fieldErrors.required(path.child('pathType'), 'pathType must be specified'));
    return;
  }
  if (!pathTypes.includes(pathType)) found.push(fieldErrors.notSupported(path.child('pathType'), pathType, pathTypes));
  else if (pathType === 'ImplementationSpecific') {
    if (text !== '' && !text.startsWith('/')) found.push(fieldErrors.invalid(path.child('path'), text, 'must be an absolute path'));
  } else {
    if (!text.startsWith('/')) found.push(fieldErrors.invalid(path.child('path'), text, 'must be an absolute path'));
    for (const sequence of ambiguous) if (text.includes(sequence)) found.push(fieldErrors.invalid(path.child('path'), text, `must not contain '${sequence}'`));
    for (const end of ambiguousEnds) if (text.endsWith(end)) found.push(fieldErrors.invalid(path.child('path'), text, `cannot end with '${end}'`));
  }
  validateBackend(backend ?? {}, path.child('backend'), found);
}

type Rule = Loose<networkingv1.IngressRule>;

const isWildcard = ({ host }: Rule): boolean => host?.includes('*') === true;

function pathFaults({ http }: Rule, path: FieldPath): Findings {
  const found: Findings = [];
  if (!http) return found;
  const at = path.child('http', 'paths');
  if (list(http.paths).length === 0) found.push(fieldErrors.required(at));
  list(http.paths).forEach((one, i) => validatePath(one, at.index(i), found));
  return found;
}

const classAnnotation = 'kubernetes.io/ingress.class';

function content({ metadata, spec = {} }: Ingress, old: Ingress | undefined): Findings {
  const found: Findings = [];
  const oldStyle = metadata?.annotations?.[classAnnotation];
  const rules = list(spec.rules);
  if (rules.length === 0 && !spec.defaultBackend) found.push(fieldErrors.invalid(specPath, spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'));
  if (spec.defaultBackend) validateBackend(spec.defaultBackend, specPath.child('defaultBackend'), found);
  // Paths of wildcards were not looked at once: an ingress with bad ones may go on.
  const hadBadWildcard = list(old?.spec?.rules).some((rule) => isWildcard(rule) && pathFaults(rule, specPath).length > 0);
  rules.forEach((rule, i) => {
    const at = specPath.child('rules').index(i);
    if (rule.host) hostName(rule.host, at.child('host'), found);
    if (!isWildcard(rule) || !hadBadWildcard) found.push(...pathFaults(rule, at));
  });
  const badSecret = ({ secretName = '' }: Loose<networkingv1.IngressTLS>): boolean => secretName !== '' && dns1123SubdomainMessages(secretName).length > 0;
  const hadBadSecret = list(old?.spec?.tls).some(badSecret);
  list(spec.tls).forEach(({ hosts, secretName }, i) => {
    const at = specPath.child('tls').index(i);
    list(hosts).forEach((host, h) => refuse(host.includes('*') ? wildcardSubdomainMessages(host) : dns1123SubdomainMessages(host), host, at.child('hosts').index(h), found));
    if (secretName && !hadBadSecret) dnsSubdomain(secretName, at.child('secretName'), found);
  });
  if (spec.ingressClassName !== undefined) dnsSubdomain(spec.ingressClassName, specPath.child('ingressClassName'), found);
  // Two classes at once were allowed once, and may stay. Upstream's path has no metadata.
  if (old === undefined && oldStyle !== undefined && spec.ingressClassName !== undefined && oldStyle !== spec.ingressClassName)
    found.push(fieldErrors.invalid(FieldPath.of('annotations').child(classAnnotation), oldStyle, 'must match `ingressClassName` when both are specified'));
  return found;
}

export const ingressValidation = contentRules<Ingress>({
  content,
  // Of one that comes without the field alone.
  warnings: ({ metadata, spec }, old) =>
    old !== undefined || spec?.ingressClassName !== undefined || metadata?.annotations?.[classAnnotation] === undefined ? [] : [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`],
  statusWarnings: loadBalancerWarnings,
  status({ status }, old) {
    const found: Findings = [];
    const before = new Set(list(old.status?.loadBalancer?.ingress).flatMap(({ ip }) => ip ?? []));
    const path = FieldPath.of('status', 'loadBalancer', 'ingress');
    list(status?.loadBalancer?.ingress).forEach(({ ip, hostname }, i) => {
      if (ip) validIp(ip, path.index(i).child('ip'), found, before);
      if (!hostname) return;
      const at = path.index(i).child('hostname');
      dnsSubdomain(hostname, at, found);
      if (ipFamilyOf(hostname) !== undefined) found.push(fieldErrors.invalid(at, hostname, mustBeName));
    });
    return found;
  },
});
