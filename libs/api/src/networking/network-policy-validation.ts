import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { networkingv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type FormerTexts, isStrictSubset, validCidr } from '../validation/ip';
import { cidrWarnings } from '../validation/ip-warnings';
import { contentRules } from '../validation/kind-validation';
import { selectorFaults, type SelectorPart } from '../validation/selector-faults';
import { type Findings, portNumber, portNumberOrName, present, supported } from '../validation/rules';

type Peer = Loose<networkingv1.NetworkPolicyPeer>;
type Port = Loose<networkingv1.NetworkPolicyPort>;

/** What the policy had before, which may stay though rules came later. */
interface Before {
  readonly texts: FormerTexts;
  readonly selectors: readonly SelectorPart[];
}

const specPath = FieldPath.of('spec');
// In upstream's order.
const protocols = ['TCP', 'UDP', 'SCTP'];

function validatePort({ protocol, port, endPort }: Port, path: FieldPath, found: Findings): void {
  supported(protocol, protocols, path.child('protocol'), found);
  if (port !== undefined) {
    if (typeof port === 'string' && endPort !== undefined) found.push(fieldErrors.invalid(path.child('endPort'), endPort, 'may not be specified when `port` is non-numeric'));
    portNumberOrName(port, path.child('port'), found);
    if (endPort === undefined || typeof port === 'string') return;
    // Upstream shows the port that it begins with.
    if (endPort < port) found.push(fieldErrors.invalid(path.child('endPort'), port, 'must be greater than or equal to `port`'));
    portNumber(endPort, path.child('endPort'), found);
  } else if (endPort !== undefined) found.push(fieldErrors.invalid(path.child('endPort'), endPort, 'may not be specified when `port` is not specified'));
}

function validateIpBlock({ cidr, except }: Loose<networkingv1.IPBlock>, path: FieldPath, found: Findings, before: FormerTexts): void {
  if (!present(cidr, path.child('cidr'), found)) return;
  const range = validCidr(cidr, path.child('cidr'), found, before);
  if (range === undefined) return;
  list(except).forEach((text, i) => {
    const at = path.child('except').index(i);
    const hole = validCidr(text, at, found, before);
    if (hole && !isStrictSubset(hole, range)) found.push(fieldErrors.invalid(at, text, 'must be a strict subset of `cidr`'));
  });
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: Peer, path: FieldPath, found: Findings, before: Before): void {
  let peers = 0;
  if (podSelector) {
    peers++;
    found.push(...selectorFaults(podSelector, path.child('podSelector'), before.selectors));
  }
  if (namespaceSelector) {
    peers++;
    found.push(...selectorFaults(namespaceSelector, path.child('namespaceSelector'), before.selectors));
  }
  if (ipBlock) {
    peers++;
    validateIpBlock(ipBlock, path.child('ipBlock'), found, before.texts);
  }
  if (peers === 0) found.push(fieldErrors.required(path, 'must specify a peer'));
  else if (peers > 1 && ipBlock) found.push(fieldErrors.forbidden(path, 'may not specify both ipBlock and another peer'));
}

function validateRule(ports: readonly Port[] | undefined, peers: readonly Peer[] | undefined, direction: 'from' | 'to', path: FieldPath, found: Findings, before: Before): void {
  list(ports).forEach((port, i) => validatePort(port, path.child('ports').index(i), found));
  list(peers).forEach((peer, i) => validatePeer(peer, path.child(direction).index(i), found, before));
}

/** The ranges of addresses that a policy names, and where. */
function ipBlocks(spec: Loose<networkingv1.NetworkPolicySpec> | undefined, path: FieldPath): { block: Loose<networkingv1.IPBlock>; path: FieldPath }[] {
  const peers = [
    ...list(spec?.ingress).flatMap(({ from }, r) => list(from).map(({ ipBlock }, p) => ({ ipBlock, path: path.child('ingress').index(r).child('from').index(p) }))),
    ...list(spec?.egress).flatMap(({ to }, r) => list(to).map(({ ipBlock }, p) => ({ ipBlock, path: path.child('egress').index(r).child('to').index(p) }))),
  ];
  return peers.flatMap(({ ipBlock, path: at }) => (ipBlock ? [{ block: ipBlock, path: at.child('ipBlock') }] : []));
}

export const networkPolicyValidation = contentRules<Loose<networkingv1.NetworkPolicy>>({
  warnings: ({ spec }) => ipBlocks(spec, specPath).flatMap(({ block: { cidr = '', except }, path }) =>
    [...cidrWarnings(cidr, path.child('cidr')), ...list(except).flatMap((text, i) => cidrWarnings(text, path.child('except').index(i)))]),
  content({ spec = {} }, old) {
    const found: Findings = [];
    const texts = new Set(ipBlocks(old?.spec, specPath).flatMap(({ block }) => [block.cidr ?? '', ...list(block.except)]));
    // As upstream, the selector of the whole policy decides for those of peers too.
    const before: Before = { texts, selectors: [old?.spec?.podSelector] };
    found.push(...selectorFaults(spec.podSelector, specPath.child('podSelector'), before.selectors));
    list(spec.ingress).forEach(({ ports, from }, i) => validateRule(ports, from, 'from', specPath.child('ingress').index(i), found, before));
    list(spec.egress).forEach(({ ports, to }, i) => validateRule(ports, to, 'to', specPath.child('egress').index(i), found, before));
    const types = list(spec.policyTypes);
    const path = specPath.child('policyTypes');
    if (types.length > 2) found.push(fieldErrors.invalid(path, types, 'may not specify more than two policyTypes'));
    else types.forEach((type, i) => supported(type, ['Ingress', 'Egress'], path.index(i), found));
    return found;
  },
});
