import { dns1123LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath, validateLabels } from '@navarch/apimachinery';
import { protocols } from '../core/pod/validation/containers';
import type { discoveryv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type FormerTexts, ipFamilyOf, notSpecialIp, validIp } from '../validation/ip';
import { ipWarnings } from '../validation/ip-warnings';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsLabel, dnsSubdomain, type Findings, immutable, labelValue, qualifiedName, supported } from '../validation/rules';

type Slice = Loose<discoveryv1.EndpointSlice>;

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20000;
/** Zones, or nodes, that an endpoint may be meant for. */
const maxHints = 8;

const maxTopology = 16;
const zoneLabel = 'topology.kubernetes.io/zone';

/** A name in a domain; it may end in a dot. Only what is wrong first is told. */
function domainName(address: string, path: FieldPath, found: Findings): void {
  const name = address.replace(/\.$/, '');
  const messages = dns1123SubdomainMessages(name);
  const labels = name.split('.');
  const bad = labels.find((label) => dns1123LabelMessages(label).length > 0);
  if (address === '') found.push(fieldErrors.required(path));
  else if (messages.length > 0) found.push(fieldErrors.invalid(path, name, messages.join(',')));
  else if (labels.length < 2) found.push(fieldErrors.invalid(path, name, 'should be a domain with at least two segments separated by dots'));
  else if (bad !== undefined) found.push(fieldErrors.invalid(path, bad, dns1123LabelMessages(bad).join(',')));
}

function validateAddresses(addresses: readonly string[], type: string, path: FieldPath, found: Findings, before: FormerTexts): void {
  if (addresses.length === 0) found.push(fieldErrors.required(path, 'must contain at least 1 address'));
  else if (addresses.length > maxAddresses) found.push(fieldErrors.tooMany(path, addresses.length, maxAddresses));
  addresses.forEach((address, i) => {
    const at = path.index(i);
    if (type === 'FQDN') domainName(address, at, found);
    else if (ipFamilyOf(address) !== type) found.push(fieldErrors.invalid(at, address, `must be a valid ${type} address`));
    else if (validIp(address, at, found, before)) notSpecialIp(address, at, found);
  });
}

/** Whom an endpoint is meant for, each once. */
function validateHints(hints: readonly { name?: string | undefined }[] | undefined, check: (name: string, path: FieldPath, found: Findings) => void, path: FieldPath, found: Findings): void {
  const names = list(hints).map(({ name = '' }) => name);
  if (names.length > maxHints) {
    found.push(fieldErrors.tooMany(path, names.length, maxHints));
    return;
  }
  names.forEach((name, i) => {
    const at = path.index(i).child('name');
    if (names.indexOf(name) < i) found.push(fieldErrors.duplicate(at, name));
    check(name, at, found);
  });
}

function validateEndpoints({ endpoints, addressType = '' }: Slice, old: Slice | undefined, found: Findings): void {
  const before = new Set(list(old?.endpoints).flatMap(({ addresses }) => list(addresses)));
  const path = FieldPath.of('endpoints');
  const all = list(endpoints);
  if (all.length > maxEndpoints) {
    found.push(fieldErrors.tooMany(path, all.length, maxEndpoints));
    return;
  }
  all.forEach((endpoint, i) => {
    const { addresses, hostname, nodeName, hints } = endpoint;
    const at = path.index(i);
    validateAddresses(list(addresses), addressType, at.child('addresses'), found, before);
    if (hostname !== undefined) dnsLabel(hostname, at.child('hostname'), found);
    if (nodeName !== undefined) dnsSubdomain(nodeName, at.child('nodeName'), found);
    const topology = at.child('deprecatedTopology');
    const labels = Object.keys(endpoint.deprecatedTopology ?? {});
    if (labels.length > maxTopology) found.push(fieldErrors.tooMany(topology, labels.length, maxTopology));
    found.push(...validateLabels(endpoint.deprecatedTopology as Record<string, string> | undefined, topology));
    if (labels.includes(zoneLabel)) found.push(fieldErrors.internal(topology.key(zoneLabel), 'reserved key was not removed in conversion'));
    validateHints(hints?.forZones, labelValue, at.child('hints', 'forZones'), found);
    validateHints(hints?.forNodes, dnsSubdomain, at.child('hints', 'forNodes'), found);
  });
}

function validatePorts({ ports }: Slice, found: Findings): void {
  const path = FieldPath.of('ports');
  const all = list(ports);
  if (all.length > maxPorts) {
    found.push(fieldErrors.tooMany(path, all.length, maxPorts));
    return;
  }
  const names = new Set<string>();
  all.forEach(({ name = '', protocol, port, appProtocol }, i) => {
    const at = path.index(i);
    if (name !== '') dnsLabel(name, at.child('name'), found);
    if (names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
    names.add(name);
    if (protocol === undefined) found.push(fieldErrors.required(at.child('protocol')));
    else supported(protocol, protocols, at.child('protocol'), found);
    if (port !== undefined && (port < 1 || port > 65535)) found.push(fieldErrors.invalid(at.child('port'), port, 'must be between 1 and 65535, inclusive'));
    if (appProtocol !== undefined) qualifiedName(appProtocol, at.child('appProtocol'), found);
  });
}

/** Writers whose addresses are in order: looking at them would only take time. */
const ownControllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

/** Upstream's path of the type, though slices have no spec. */
function warnings({ metadata, addressType, endpoints }: Slice): string[] {
  const found = addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : [];
  if (ownControllers.includes(metadata?.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return found;
  const path = FieldPath.of('endpoints');
  return [...found, ...list(endpoints).flatMap(({ addresses }, e) => list(addresses).flatMap((address, a) => ipWarnings(address, path.index(e).child('addresses').index(a))))];
}

/** By `<group>/<kind>`. */
export const discoveryValidation: Readonly<Record<string, ContentRules>> = {
  'discovery.k8s.io/EndpointSlice': contentRules<Slice>({
    warnings,
    content(slice, old) {
      const found: Findings = [];
      if (!slice.addressType) found.push(fieldErrors.required(FieldPath.of('addressType')));
      else supported(slice.addressType, addressTypes, FieldPath.of('addressType'), found);
      validateEndpoints(slice, old, found);
      validatePorts(slice, found);
      return found;
    },
    change(slice, old) {
      const found: Findings = [];
      immutable(slice.addressType, old.addressType, FieldPath.of('addressType'), found);
      return found;
    },
  }),
};
