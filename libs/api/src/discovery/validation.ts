import { dns1123LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import { protocols } from '../core/pod/validation/containers';
import type { discoveryv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { canonicalIpMessages, ipFamilyOf, notSpecialIp, validIp } from '../validation/ip';
import { ipWarnings } from '../validation/ip-warnings';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsLabel, dnsSubdomain, type Findings, immutable, labelValue, qualifiedName, refuse, supported } from '../validation/rules';

type Slice = Loose<discoveryv1.EndpointSlice>;

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20000;
/** Zones, or nodes, that an endpoint may be meant for. */
const maxHints = 8;

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

/** IPv6 has only its one right form, as all of these are newer than the rule. Upstream tells of the other family at the list. */
function ipAddress(address: string, family: 'IPv4' | 'IPv6', list: FieldPath, path: FieldPath, found: Findings): void {
  const errors = found.length;
  if (family === 'IPv4') validIp(address, path, found);
  else refuse(canonicalIpMessages(address), address, path, found);
  if (found.length > errors) return;
  if (ipFamilyOf(address) !== family) found.push(fieldErrors.invalid(list, address, `must be an ${family} address`));
  notSpecialIp(address, path, found);
}

function validateAddresses(addresses: readonly string[], type: string, path: FieldPath, found: Findings): void {
  if (addresses.length === 0) found.push(fieldErrors.required(path, 'must contain at least 1 address'));
  else if (addresses.length > maxAddresses) found.push(fieldErrors.tooMany(path, addresses.length, maxAddresses));
  addresses.forEach((address, i) => {
    const at = path.index(i);
    if (type === 'FQDN') domainName(address, at, found);
    else if (type === 'IPv4' || type === 'IPv6') ipAddress(address, type, path, at, found);
  });
}

/** Whom an endpoint is meant for, each once. Tells whether they are few enough to be looked at. */
function validateHints(hints: readonly { name?: string | undefined }[] | undefined, check: (name: string, path: FieldPath, found: Findings) => void, path: FieldPath, found: Findings): boolean {
  const names = list(hints).map(({ name = '' }) => name);
  if (names.length > maxHints) {
    found.push(fieldErrors.tooMany(path, names.length, maxHints));
    return false;
  }
  names.forEach((name, i) => {
    const at = path.index(i).child('name');
    if (names.indexOf(name) < i) found.push(fieldErrors.duplicate(at, name));
    check(name, at, found);
  });
  return true;
}

function validateEndpoints({ endpoints, addressType = '' }: Slice, found: Findings): void {
  const path = FieldPath.of('endpoints');
  const all = list(endpoints);
  if (all.length > maxEndpoints) {
    found.push(fieldErrors.tooMany(path, all.length, maxEndpoints));
    return;
  }
  all.forEach((endpoint, i) => {
    const { addresses, hostname, nodeName, hints } = endpoint;
    const at = path.index(i);
    validateAddresses(list(addresses), addressType, at.child('addresses'), found);
    if (nodeName !== undefined) dnsSubdomain(nodeName, at.child('nodeName'), found);
    if (hostname !== undefined) dnsLabel(hostname, at.child('hostname'), found);
    if (validateHints(hints?.forZones, labelValue, at.child('hints', 'forZones'), found)) validateHints(hints?.forNodes, dnsSubdomain, at.child('hints', 'forNodes'), found);
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
  all.forEach(({ name = '', protocol, appProtocol }, i) => {
    const at = path.index(i);
    if (name !== '') dnsLabel(name, at.child('name'), found);
    if (names.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
    names.add(name);
    if (protocol === undefined) found.push(fieldErrors.required(at.child('protocol')));
    else supported(protocol, protocols, at.child('protocol'), found);
    if (appProtocol !== undefined) qualifiedName(appProtocol, at.child('appProtocol'), found);
  });
}

/** Writers whose addresses are in order: looking at them would only take time. */
const ownControllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

/** Upstream's path of the type, though slices have no spec. */
function warnings({ metadata, addressType, endpoints }: Slice, old: Slice | undefined): string[] {
  const found = addressType === 'FQDN' && old === undefined ? ['spec.addressType: FQDN endpoints are deprecated'] : [];
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
      validatePorts(slice, found);
      // What was taken once stays as long as nobody touches it.
      if (old === undefined || !semanticEqual(slice.endpoints, old.endpoints)) validateEndpoints(slice, found);
      return found;
    },
    change(slice, old) {
      const found: Findings = [];
      immutable(slice.addressType, old.addressType, FieldPath.of('addressType'), found);
      return found;
    },
  }),
};
