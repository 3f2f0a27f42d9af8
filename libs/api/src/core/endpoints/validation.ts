import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { semanticEqual } from '../../support/semantic-equal';
import { notSpecialIp, validIp } from '../../validation/ip';
import { ipWarnings } from '../../validation/ip-warnings';
import { contentRules } from '../../validation/kind-validation';
import { choice, dnsLabel, dnsSubdomain, type Findings, portNumber, qualifiedName } from '../../validation/rules';
import { protocols } from '../pod/validation/containers';

type Address = Loose<corev1.EndpointAddress>;

function validateAddress({ ip = '', hostname, nodeName }: Address, path: FieldPath, found: Findings): void {
  validIp(ip, path.child('ip'), found);
  // Of what is no address upstream says so twice.
  notSpecialIp(ip, path.child('ip'), found);
  if (hostname) dnsLabel(hostname, path.child('hostname'), found);
  if (nodeName !== undefined) dnsSubdomain(nodeName, path.child('nodeName'), found);
}

function validatePorts(ports: readonly Loose<corev1.EndpointPort>[] | undefined, path: FieldPath, found: Findings): void {
  const all = list(ports);
  all.forEach(({ name = '', port = 0, protocol, appProtocol }, i) => {
    const at = path.index(i);
    if (name !== '') dnsLabel(name, at.child('name'), found);
    else if (all.length > 1) found.push(fieldErrors.required(at.child('name')));
    portNumber(port, at.child('port'), found);
    choice(protocol, protocols, at.child('protocol'), found);
    if (appProtocol !== undefined) qualifiedName(appProtocol, at.child('appProtocol'), found);
  });
}

/** Addresses that upstream's own controller writes are in order: looking at them would only take time. */
function warnings({ metadata, subsets }: Loose<corev1.Endpoints>): string[] {
  if (metadata?.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return list(subsets).flatMap((subset, s) => (['addresses', 'notReadyAddresses'] as const).flatMap((field) =>
    list(subset[field]).flatMap(({ ip = '' }, i) => ipWarnings(ip, FieldPath.of('subsets').index(s).child(field).index(i).child('ip')))));
}

export const endpointsValidation = contentRules<Loose<corev1.Endpoints>>({
  warnings,
  content({ subsets }, old) {
    const found: Findings = [];
    // What was taken once stays as long as nobody touches it.
    if (old !== undefined && semanticEqual(subsets, old.subsets)) return found;
    list(subsets).forEach(({ addresses, notReadyAddresses, ports }, i) => {
      const at = FieldPath.of('subsets').index(i);
      if (list(addresses).length + list(notReadyAddresses).length === 0) found.push(fieldErrors.required(at, 'must specify `addresses` or `notReadyAddresses`'));
      list(addresses).forEach((address, a) => validateAddress(address, at.child('addresses').index(a), found));
      list(notReadyAddresses).forEach((address, a) => validateAddress(address, at.child('notReadyAddresses').index(a), found));
      validatePorts(ports, at.child('ports'), found);
    });
    return found;
  },
});
