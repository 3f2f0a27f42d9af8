import { type Probe, statusOf } from './probe';

const backend = { service: { name: 's', port: { number: 80 } } };
const ingress = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'networking.k8s.io/Ingress', object: { spec: parts } });
const rule = (path: object): Pick<Probe, 'kind' | 'object'> => ingress({ rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } }] });
const wildcard = (path: object): Pick<Probe, 'kind' | 'object'> => ingress({ rules: [{ host: '*.a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } }] });
const ingressClass = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'networking.k8s.io/IngressClass', object: { spec: { controller: 'example.com/c', ...parts } } });
const parameters = (parts: object): Pick<Probe, 'kind' | 'object'> => ingressClass({ parameters: { kind: 'K', name: 'n', scope: 'Cluster', ...parts } });
const policy = (spec: object): object => ({ spec: { podSelector: {}, ...spec } });
const from = (block: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'networking.k8s.io/NetworkPolicy', object: policy({ ingress: [{ from: [{ ipBlock: block }] }] }) });
const port = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'networking.k8s.io/NetworkPolicy', object: policy({ ingress: [{ ports: [parts] }] }) });
const slice = (endpoint: object, parts: object = {}): Pick<Probe, 'kind' | 'object'> => ({ kind: 'discovery.k8s.io/EndpointSlice', object: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], ...endpoint }], ...parts } });
const cidr = 'networking.k8s.io/ServiceCIDR';
const cidrs = (...all: string[]): object => ({ spec: { cidrs: all } });
const address = (name: string, parentRef?: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'networking.k8s.io/IPAddress', object: { metadata: { name }, spec: { parentRef } } });
const parent = { resource: 'services', namespace: 'default', name: 's' };
const subdomain = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
const onePerFamily = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
const zeros = 'must not have leading 0s';

const probes: readonly Probe[] = [
  { ...ingress({}), field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: null: either `defaultBackend` or `rules` must be specified' },
  { ...ingress({ rules: [{ http: {} }] }), field: 'spec.rules[0].http.paths', reason: 'FieldValueRequired', message: 'Required value' },
  { ...ingress({ defaultBackend: {} }), field: 'spec.defaultBackend', reason: 'FieldValueInvalid', message: 'Invalid value: "": resource or service backend is required' },
  { ...ingress({ defaultBackend: { ...backend, resource: { kind: 'K', name: 'n' } } }), field: 'spec.defaultBackend', reason: 'FieldValueInvalid', message: 'Invalid value: "": cannot set both resource and service backends' },
  { ...ingress({ defaultBackend: { service: { name: 's', port: { name: 'a', number: 1 } } } }), field: 'spec.defaultBackend', reason: 'FieldValueInvalid', message: 'Invalid value: "": cannot set both port name & port number' },
  { ...ingress({ defaultBackend: { service: { name: 's' } } }), field: 'spec.defaultBackend', reason: 'FieldValueRequired', message: 'Required value: port name or number is required' },
  { ...ingress({ defaultBackend: { resource: { name: 'n' } } }), field: 'spec.defaultBackend.resource.kind', reason: 'FieldValueRequired', message: 'Required value' },
  { ...ingress({ defaultBackend: { resource: { kind: 'K', name: 'a/b' } } }), field: 'spec.defaultBackend.resource.name', reason: 'FieldValueInvalid', message: "Invalid value: \"a/b\": may not contain '/'" },
  { ...ingress({ defaultBackend: backend, ingressClassName: 'A' }), field: 'spec.ingressClassName', reason: 'FieldValueInvalid', message: `Invalid value: "A": ${subdomain}` },
  { ...ingress({ defaultBackend: backend, tls: [{ secretName: 'A' }] }), field: 'spec.tls[0].secretName', reason: 'FieldValueInvalid', message: `Invalid value: "A": ${subdomain}` },
  { ...ingress({ rules: [{ host: '10.0.0.1', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] }), field: 'spec.rules[0].host', reason: 'FieldValueInvalid', message: 'Invalid value: "10.0.0.1": must be a DNS name, not an IP address' },
  { ...rule({ pathType: undefined }), field: 'spec.rules[0].http.paths[0].pathType', reason: 'FieldValueRequired', message: 'Required value: pathType must be specified' },
  { ...rule({ pathType: '' }), field: 'spec.rules[0].http.paths[0].pathType', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "Exact", "ImplementationSpecific", "Prefix"' },
  { ...rule({ pathType: 'Odd' }), field: 'spec.rules[0].http.paths[0].pathType', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Odd": supported values: "Exact", "ImplementationSpecific", "Prefix"' },
  { ...rule({ path: 'a' }), field: 'spec.rules[0].http.paths[0].path', reason: 'FieldValueInvalid', message: 'Invalid value: "a": must be an absolute path' },
  { ...rule({ path: '/a//b' }), field: 'spec.rules[0].http.paths[0].path', reason: 'FieldValueInvalid', message: 'Invalid value: "/a//b": must not contain \'//\'' },
  { ...rule({ path: '/a/..' }), field: 'spec.rules[0].http.paths[0].path', reason: 'FieldValueInvalid', message: 'Invalid value: "/a/..": cannot end with \'/..\'' },
  { kind: 'networking.k8s.io/Ingress', object: { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: { defaultBackend: backend, ingressClassName: 'y' } }, field: 'annotations.kubernetes.io/ingress.class', reason: 'FieldValueInvalid', message: 'Invalid value: "x": must match `ingressClassName` when both are specified' },
  { kind: 'networking.k8s.io/Ingress', object: { status: { loadBalancer: { ingress: [{ ip: '010.0.0.1' }] } } }, old: { spec: { defaultBackend: backend } }, view: 'status', field: 'status.loadBalancer.ingress[0].ip', reason: 'FieldValueInvalid', message: `Invalid value: "010.0.0.1": ${zeros}` },

  { ...ingressClass({ controller: '' }), field: 'spec.controller', reason: 'FieldValueRequired', message: 'Required value' },
  { ...ingressClass({ controller: 'c' }), field: 'spec.controller', reason: 'FieldValueInvalid', message: 'Invalid value: "c": must be a domain-prefixed path (such as "acme.io/foo")' },
  { ...ingressClass({ controller: '' }), old: { spec: { controller: 'example.com/c' } }, field: 'spec.controller', reason: 'FieldValueInvalid', message: 'Invalid value: "": field is immutable' },
  { kind: 'policy/PodDisruptionBudget', object: { spec: { unhealthyPodEvictionPolicy: '' } }, field: 'spec.unhealthyPodEvictionPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "AlwaysAllow", "IfHealthyBudget"' },
  { ...ingressClass({ controller: `a.b/${'c'.repeat(250)}` }), field: 'spec.controller', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 250 bytes' },
  { ...ingressClass({ controller: 'example.com/d' }), old: { spec: { controller: 'example.com/c' } }, field: 'spec.controller', reason: 'FieldValueInvalid', message: 'Invalid value: "example.com/d": field is immutable' },
  { ...parameters({ kind: 'a/b' }), field: 'spec.parameters.kind', reason: 'FieldValueInvalid', message: "Invalid value: \"a/b\": may not contain '/'" },
  { ...parameters({ name: '' }), field: 'spec.parameters.name', reason: 'FieldValueRequired', message: 'Required value' },
  { ...parameters({ scope: 'Odd' }), field: 'spec.parameters.scope', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Odd": supported values: "Cluster", "Namespace"' },
  { ...parameters({ scope: 'Namespace' }), field: 'spec.parameters.namespace', reason: 'FieldValueRequired', message: "Required value: `parameters.scope` is set to 'Namespace'" },
  { ...parameters({ scope: 'Namespace', namespace: 'a.b' }), field: 'spec.parameters.namespace', reason: 'FieldValueInvalid', message: 'Invalid value: "a.b": must not contain dots' },
  { ...parameters({ namespace: 'a' }), field: 'spec.parameters.namespace', reason: 'FieldValueForbidden', message: "Forbidden: `parameters.scope` is set to 'Cluster'" },

  { ...from({}), field: 'spec.ingress[0].from[0].ipBlock.cidr', reason: 'FieldValueRequired', message: 'Required value' },
  { ...from({ cidr: '10.0.0.1/8' }), field: 'spec.ingress[0].from[0].ipBlock.cidr', reason: 'FieldValueInvalid', message: 'Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length' },
  { ...from({ cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] }), field: 'spec.ingress[0].from[0].ipBlock.except[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`' },
  { ...from({ cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] }), field: 'spec.ingress[0].from[0].ipBlock.except[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`' },
  { ...port({ port: 'http', endPort: 90 }), field: 'spec.ingress[0].ports[0].endPort', reason: 'FieldValueInvalid', message: 'Invalid value: 90: may not be specified when `port` is non-numeric' },
  { ...port({ port: 80, endPort: 79 }), field: 'spec.ingress[0].ports[0].endPort', reason: 'FieldValueInvalid', message: 'Invalid value: 80: must be greater than or equal to `port`' },
  { ...port({ endPort: 79 }), field: 'spec.ingress[0].ports[0].endPort', reason: 'FieldValueInvalid', message: 'Invalid value: 79: may not be specified when `port` is not specified' },

  { ...slice({}, { addressType: '' }), field: 'addressType', reason: 'FieldValueRequired', message: 'Required value' },
  ...[['a', 'Invalid value: "a": should be a domain with at least two segments separated by dots'], ['a.b_c', 'Invalid value: "a.b_c": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')']].map(([address, message = '']): Probe => ({
    ...slice({ addresses: [address] }, { addressType: 'FQDN' }), field: 'endpoints[0].addresses[0]', reason: 'FieldValueInvalid', message,
  })),
  { ...slice({}, { addressType: 'IPv4' }), old: { addressType: 'FQDN', endpoints: [{ addresses: ['a.b'] }] }, field: 'addressType', reason: 'FieldValueInvalid', message: 'Invalid value: "IPv4": field is immutable' },
  { ...slice({ addresses: [] }), field: 'endpoints[0].addresses', reason: 'FieldValueRequired', message: 'Required value: must contain at least 1 address' },
  { ...slice({ addresses: ['fd00::1'] }), field: 'endpoints[0].addresses', reason: 'FieldValueInvalid', message: 'Invalid value: "fd00::1": must be an IPv4 address' },
  { ...slice({ addresses: ['10.0.0.1'] }, { addressType: 'IPv6' }), field: 'endpoints[0].addresses', reason: 'FieldValueInvalid', message: 'Invalid value: "10.0.0.1": must be an IPv6 address' },
  { ...slice({ addresses: ['FD00::1'] }, { addressType: 'IPv6' }), field: 'endpoints[0].addresses[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "FD00::1": must be in canonical form ("fd00::1")' },
  { ...slice({ addresses: ['ten'] }), field: 'endpoints[0].addresses[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "ten": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)' },
  { ...slice({ addresses: ['10.0.0.01'] }), field: 'endpoints[0].addresses[0]', reason: 'FieldValueInvalid', message: `Invalid value: "10.0.0.01": ${zeros}` },
  { ...slice({ addresses: ['10.0.0.01'], hostname: 'h' }), old: slice({ addresses: ['10.0.0.01'] }).object, field: 'endpoints[0].addresses[0]', reason: 'FieldValueInvalid', message: `Invalid value: "10.0.0.01": ${zeros}` },
  { ...slice({ addresses: ['127.0.0.1'] }), field: 'endpoints[0].addresses[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)' },
  { ...slice({ hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }), field: 'endpoints[0].hints.forZones[1].name', reason: 'FieldValueDuplicate', message: 'Duplicate value: "a"' },
  { ...slice({ hints: { forZones: Array.from({ length: 9 }, (_, i) => ({ name: `z${i}` })) } }), field: 'endpoints[0].hints.forZones', reason: 'FieldValueTooMany', message: 'Too many: 9: must have at most 8 items' },
  { ...slice({ hints: { forNodes: [{ name: 'N' }] } }), field: 'endpoints[0].hints.forNodes[0].name', reason: 'FieldValueInvalid', message: `Invalid value: "N": ${subdomain}` },
  { ...slice({}, { ports: [{ name: 'a', protocol: 'TCP' }, { name: 'a', protocol: 'TCP' }] }), field: 'ports[1].name', reason: 'FieldValueDuplicate', message: 'Duplicate value: "a"' },
  { ...slice({}, { ports: [{ protocol: 'ICMP' }] }), field: 'ports[0].protocol', reason: 'FieldValueNotSupported', message: 'Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"' },

  { kind: cidr, object: cidrs(), field: 'spec.cidrs', reason: 'FieldValueRequired', message: 'Required value: at least one CIDR required' },
  { kind: cidr, object: cidrs('10.0.0.0/8', 'fd00::/64', 'fd01::/64'), field: 'spec.cidrs', reason: 'FieldValueInvalid', message: 'Invalid value: {"cidrs":["10.0.0.0/8","fd00::/64","fd01::/64"]}: may only hold up to 2 values' },
  { kind: cidr, object: cidrs('10.0.0.0/8', '11.0.0.0/8'), field: 'spec.cidrs', reason: 'FieldValueInvalid', message: `Invalid value: ["10.0.0.0/8","11.0.0.0/8"]: ${onePerFamily}` },
  { kind: cidr, object: cidrs('ten', '11.0.0.0/8'), field: 'spec.cidrs[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "ten": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)' },
  { kind: cidr, object: cidrs('fd00:0::/64'), field: 'spec.cidrs[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "fd00:0::/64": must be in canonical form ("fd00::/64")' },
  { kind: cidr, object: cidrs('11.0.0.0/8'), old: cidrs('10.0.0.0/8'), field: 'spec.cidrs[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "11.0.0.0/8": field is immutable' },
  { kind: cidr, object: cidrs('10.0.0.0/8'), old: cidrs('10.0.0.0/8', 'fd00::/64'), field: 'spec.cidrs', reason: 'FieldValueInvalid', message: 'Invalid value: ["10.0.0.0/8"]: field is immutable' },

  { ...address('10.0.0.01', parent), field: 'metadata.name', reason: 'FieldValueInvalid', message: `Invalid value: "10.0.0.01": ${zeros}` },
  { ...address('FD00::1', parent), field: 'metadata.name', reason: 'FieldValueInvalid', message: 'Invalid value: "FD00::1": must be in canonical form ("fd00::1")' },
  { ...address('10.0.0.1'), field: 'spec.parentRef', reason: 'FieldValueRequired', message: 'Required value' },
  { ...address('10.0.0.1', { ...parent, resource: '' }), field: 'spec.parentRef.resource', reason: 'FieldValueRequired', message: 'Required value' },
  { ...address('10.0.0.1', { ...parent, name: 'a/b' }), field: 'spec.parentRef.name', reason: 'FieldValueInvalid', message: "Invalid value: \"a/b\": may not contain '/'" },
  { ...address('10.0.0.1', { ...parent, namespace: '..' }), field: 'spec.parentRef.namespace', reason: 'FieldValueInvalid', message: "Invalid value: \"..\": may not be '..'" },
  { ...address('10.0.0.1', { ...parent, group: 'A' }), field: 'spec.parentRef.group', reason: 'FieldValueInvalid', message: `Invalid value: "A": ${subdomain}` },
  { ...address('10.0.0.1', { ...parent, name: 't' }), old: address('10.0.0.1', parent).object, field: 'spec.parentRef', reason: 'FieldValueInvalid', message: 'Invalid value: {"resource":"services","namespace":"default","name":"t"}: field is immutable' },
];

describe('an object of the network that is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const status = statusOf(rest);
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(status?.causes).toContainEqual({ field, reason, message });
  });

  it.each<Pick<Probe, 'kind' | 'object' | 'old'>>([
    rule({ pathType: 'ImplementationSpecific', path: '' }),
    ingress({ defaultBackend: { resource: { apiGroup: 'example.com', kind: 'K', name: 'n' } }, tls: [{ hosts: ['*.a.b'] }] }),
    parameters({ scope: 'Namespace', namespace: 'a' }),
    { ...from({ cidr: '10.0.0.1/8' }), old: from({ cidr: '10.0.0.1/8' }).object },
    slice({ hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'n' }] } }),
    { ...slice({ addresses: ['10.0.0.01'] }, { ports: [{ port: 70000 }] }), old: slice({ addresses: ['10.0.0.01'] }).object },
    slice({ addresses: ['ten'] }, { addressType: 'FQDN', endpoints: [{ addresses: ['a.b.'] }] }),
    { ...wildcard({ pathType: 'Odd' }), old: wildcard({ path: 'a' }).object },
    { kind: cidr, object: cidrs('10.0.0.0/8', 'fd00::/64'), old: cidrs('10.0.0.0/8') },
    address('fd00::1', parent),
  ])('is not $kind $object', (probe) => {
    expect(statusOf(probe)).toBeUndefined();
  });
});
