import { type Probe, statusOf } from './probe';

const exactly = { deviceClassName: 'gpu' };
const claim = (devices: object): object => ({ spec: { devices } });
const asking = (parts: object): object => claim({ requests: [{ name: 'r', exactly: { ...exactly, ...parts } }] });
const request = { name: 'r', exactly };
const slice = (parts: object): object => ({ spec: { driver: 'd.example.com', nodeName: 'n', pool: { name: 'p', resourceSliceCount: 1 }, ...parts } });
const device = (parts: object): object => slice({ devices: [{ name: 'a', ...parts }] });
const capacity = (requestPolicy: object): object => device({ allowMultipleAllocations: true, capacity: { memory: { value: '8Gi', requestPolicy } } });
const at = 'spec.devices[0]';
const result = { request: 'r', driver: 'd.example.com', pool: 'p', device: 'a' };
const allocated = (parts: object): Pick<Probe, 'kind' | 'object' | 'old' | 'view'> => ({ kind: 'resource.k8s.io/ResourceClaim', view: 'status', object: { status: { allocation: { devices: { results: [result] } }, ...parts } }, old: claim({ requests: [request] }) });
const taintRule = (status: object): object => ({ spec: { deviceSelector: {}, taint: { key: 'a', effect: 'NoExecute' } }, status });
const conditions = (count: number): object[] => Array.from({ length: count }, (_, i) => ({ type: `T${i}`, status: 'True', reason: 'R', lastTransitionTime: '2026-01-01T00:00:00Z' }));
const notRequested = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

const claims: readonly Omit<Probe, 'kind'>[] = [
  { object: claim({ requests: Array.from({ length: 33 }, (_, i) => ({ name: `r${i}`, exactly })) }), field: 'spec.devices.requests', reason: 'FieldValueTooMany', message: 'Too many: 33: must have at most 32 items' },
  { object: claim({ requests: [request, request] }), field: 'spec.devices.requests[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "r"' },
  { object: asking({ selectors: [{}] }), field: 'spec.devices.requests[0].exactly.selectors[0].cel', reason: 'FieldValueRequired', message: 'Required value' },
  { object: asking({ selectors: [{ cel: { expression: 'x'.repeat(10 * 1024 + 1) } }] }), field: 'spec.devices.requests[0].exactly.selectors[0].cel.expression', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 10240 bytes' },
  { object: asking({ allocationMode: 'All', count: 2 }), field: 'spec.devices.requests[0].exactly.count', reason: 'FieldValueInvalid', message: "Invalid value: 2: must not be specified when allocationMode is 'All'" },
  { object: asking({ tolerations: [{ operator: 'Exists', value: 'x' }] }), field: 'spec.devices.requests[0].exactly.tolerations[0].value', reason: 'FieldValueInvalid', message: 'Invalid value: "x": must be empty for operator `Exists`' },
  { object: asking({ tolerations: [{ operator: 'Exists', effect: 'X' }] }), field: 'spec.devices.requests[0].exactly.tolerations[0].effect', reason: 'FieldValueNotSupported', message: 'Unsupported value: "X": supported values: "NoExecute", "NoSchedule", "None"' },
  { object: claim({ requests: [request], constraints: [{ matchAttribute: 'model' }] }), field: 'spec.devices.constraints[0].matchAttribute', reason: 'FieldValueInvalid', message: 'Invalid value: "model": a fully qualified name must be a domain and a name separated by a slash' },
  { object: claim({ requests: [request], constraints: [{ requests: ['other'], matchAttribute: 'a.b/c' }] }), field: 'spec.devices.constraints[0].requests[0]', reason: 'FieldValueInvalid', message: `Invalid value: "other": ${notRequested}` },
  { object: claim({ requests: [request], config: [{ opaque: { driver: 'd', parameters: [] } }] }), field: 'spec.devices.config[0].opaque.parameters', reason: 'FieldValueInvalid', message: 'Invalid value: "<value omitted>": must be a valid JSON object' },
];

const slices: readonly Omit<Probe, 'kind'>[] = [
  ...([
    [{ cpu: { capacityKey: 'cap' } }, 'cpu].capacityKey', 'FieldValueNotFound', 'Not found: "cap"'],
    [{ cpu: { capacityKey: '' } }, 'cpu].capacityKey', 'FieldValueInvalid', 'Invalid value: "": capacityKey must not be an empty string'],
    [{ cpu: { allocationMultiplier: '0' } }, 'cpu].allocationMultiplier', 'FieldValueInvalid', 'Invalid value: "0": must be positive'],
    [{ 'a.b/c': {} }, 'a.b/c]', 'FieldValueInvalid', 'Invalid value: "a.b/c": must be a node allocatable resource name'],
  ] as const).map(([nodeAllocatableResourceMappings, field, reason, message]) => ({ object: device({ nodeAllocatableResourceMappings }), field: `${at}.nodeAllocatableResourceMappings[${field}`, reason, message })),
  { object: slice({ nodeName: undefined }), field: 'spec', reason: 'FieldValueRequired', message: 'Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required' },
  { object: slice({ allNodes: true }), field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set' },
  { object: slice({ sharedCounters: [{ name: 's', counters: {} }] }), field: 'spec.sharedCounters[0].counters', reason: 'FieldValueRequired', message: 'Required value' },
  { object: slice({ devices: Array.from({ length: 65 }, (_, i) => ({ name: `d${i}`, ...(i === 0 ? { taints: [{ key: 'a', effect: 'None' }] } : {}) })) }), field: 'spec.devices', reason: 'FieldValueTooMany', message: 'Too many: 65: must have at most 64 items' },
  { object: device({ attributes: { 'a/b/c': { bool: true } } }), field: `${at}.attributes`, reason: 'FieldValueInvalid', message: 'Invalid value: "a/b/c": must not contain more than one slash' },
  { object: device({ attributes: { v: { version: '1' } } }), field: `${at}.attributes[v].version`, reason: 'FieldValueInvalid', message: 'Invalid value: "1": must be a string compatible with semver.org spec 2.0.0' },
  { object: device({ attributes: { v: { bool: true, int: 1 } } }), field: `${at}.attributes[v]`, reason: 'FieldValueInvalid', message: 'Invalid value: {"bool":true,"int":1}: exactly one value must be specified' },
  { object: device({ attributes: { v: { string: 'x'.repeat(65) } } }), field: `${at}.attributes[v].string`, reason: 'FieldValueTooLong', message: 'Too long: may not be more than 64 bytes' },
  { object: device({ capacity: { memory: { value: '1', requestPolicy: {} } } }), field: `${at}.capacity[memory].requestPolicy`, reason: 'FieldValueForbidden', message: 'Forbidden: allowMultipleAllocations must be true' },
  { object: capacity({ validValues: ['1Gi'] }), field: `${at}.capacity[memory].requestPolicy.default`, reason: 'FieldValueRequired', message: 'Required value: required when validValues is defined' },
  { object: capacity({ default: '1Gi', validValues: ['2Gi', '16Gi'] }), field: `${at}.capacity[memory].requestPolicy.validValues[1]`, reason: 'FieldValueInvalid', message: 'Invalid value: "16Gi": option is larger than capacity value: 8Gi' },
  { object: capacity({ default: '3Gi', validRange: { min: '1Gi', step: '4Gi' } }), field: `${at}.capacity[memory].requestPolicy.validRange.step`, reason: 'FieldValueInvalid', message: 'Invalid value: "3Gi": value is not a multiple of a given step (4Gi) from (1Gi)' },
  { object: device({ taints: [{ key: 'a' }] }), field: `${at}.taints[0].effect`, reason: 'FieldValueRequired', message: 'Required value' },
  { object: device({ bindingConditions: ['a'] }), field: `${at}.bindingFailureConditions`, reason: 'FieldValueInvalid', message: 'Invalid value: null: bindingFailureConditions are required to use bindingConditions' },
  { object: device({ nodeName: 'n' }), field: at, reason: 'FieldValueInvalid', message: 'Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec' },
  { object: slice({ driver: 'other.example.com' }), old: slice({}), field: 'spec.driver', reason: 'FieldValueInvalid', message: 'Invalid value: "other.example.com": field is immutable' },
];

const probes: readonly Probe[] = [
  ...claims.map((probe): Probe => ({ kind: 'resource.k8s.io/ResourceClaim', ...probe })),
  ...slices.map((probe): Probe => ({ kind: 'resource.k8s.io/ResourceSlice', ...probe })),
  { kind: 'resource.k8s.io/DeviceClass', object: { spec: { extendedResourceName: 'cpu' } }, field: 'spec.extendedResourceName', reason: 'FieldValueInvalid', message: 'Invalid value: "cpu": must be a valid extended resource name' },
  { kind: 'resource.k8s.io/ResourceClaimTemplate', object: { spec: { spec: { devices: { requests: [request, request] } } } }, old: { spec: { spec: {} } }, field: 'spec.spec.devices.requests[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "r"' },
  { kind: 'resource.k8s.io/ResourceClaimTemplate', object: { spec: { metadata: { name: 'x' }, spec: {} } }, field: 'spec.metadata.name', reason: 'FieldValueForbidden', message: 'Forbidden: cannot be set' },
  { ...allocated({ devices: [{ ...result, device: 'b' }] }), field: 'status.devices[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "d.example.com/p/b": must be an allocated device in the claim' },
  { ...allocated({ devices: [{ ...result, shareID: 'x' }] }), field: 'status.devices[0].shareID', reason: 'FieldValueInvalid', message: 'Invalid value: "x": error validating uid: invalid UUID length: 1' },
  { ...allocated({ devices: [{ ...result, shareID: 'x'.repeat(36) }] }), field: 'status.devices[0].shareID', reason: 'FieldValueInvalid', message: `Invalid value: "${'x'.repeat(36)}": error validating uid: invalid UUID format` },
  { ...allocated({ devices: [{ ...result, shareID: 'A'.repeat(32) }] }), field: 'status.devices[0].shareID', reason: 'FieldValueInvalid', message: `Invalid value: "${'A'.repeat(32)}": uid must be in RFC 4122 normalized form, \`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\` with lowercase hexadecimal characters` },
  { ...allocated({ devices: [{ ...result, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] }] }), field: 'status.devices[0].conditions[0].reason', reason: 'FieldValueRequired', message: 'Required value' },
  { ...allocated({ devices: [{ ...result, networkData: { interfaceName: 'e'.repeat(257) } }] }), field: 'status.devices[0].networkData.interfaceName', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 256 bytes' },
  { ...allocated({ devices: [{ ...result, networkData: { hardwareAddress: 'e'.repeat(129) } }] }), field: 'status.devices[0].networkData.hardwareAddress', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 128 bytes' },
  { ...allocated({ devices: [{ ...result, networkData: { ips: ['10.0.0.1'] } }] }), field: 'status.devices[0].networkData.ips[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)' },
  { ...allocated({ devices: [{ ...result, networkData: { ips: ['2001:DB8::1/64'] } }] }), field: 'status.devices[0].networkData.ips[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")' },
  { ...allocated({ devices: [{ ...result, networkData: { ips: ['::ffff:10.0.0.1/120'] } }] }), field: 'status.devices[0].networkData.ips[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "::ffff:10.0.0.1/120": must be in canonical form ("10.0.0.1/24")' },
  { ...allocated({ devices: [{ ...result, networkData: { ips: ['10.0.0.1/24', '10.0.0.1/24'] } }] }), field: 'status.devices[0].networkData.ips[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "10.0.0.1/24"' },
  { kind: 'resource.k8s.io/DeviceTaintRule', view: 'status', old: taintRule({}), object: taintRule({ conditions: [{ type: 'no good', status: 'True', reason: 'R', lastTransitionTime: '2026-01-01T00:00:00Z' }, ...conditions(8)] }), field: 'status.conditions', reason: 'FieldValueTooMany', message: 'Too many: 9: must have at most 8 items' },
  { ...allocated({ allocation: { devices: { results: [{ ...result, request: 'x' }] } } }), field: 'status.allocation.devices.results[0].request', reason: 'FieldValueInvalid', message: `Invalid value: "x": ${notRequested}` },
  { ...allocated({ reservedFor: [{ resource: 'pods', name: 'a', uid: 'u' }, { resource: 'pods', name: 'b', uid: 'u' }] }), field: 'status.reservedFor[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "u"' },
];

describe('a claim, class or slice of devices that is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const refused = statusOf(rest);
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  it.each<[kind: string, object: object, reason: string]>([
    ['resource.k8s.io/ResourceSlice', capacity({ default: '1Gi', validRange: { min: '1Gi', max: '7Gi', step: '2Gi' } }), 'a range'],
    ['resource.k8s.io/ResourceSlice', device({ attributes: { model: { string: 'x' }, 'other.example.com/v': { version: '1.2.3' } }, taints: [{ key: 'a', effect: 'NoExecute' }] }), 'a device'],
    ['resource.k8s.io/ResourceClaim', claim({ requests: [{ name: 'r', firstAvailable: [{ name: 's', ...exactly }] }], constraints: [{ requests: ['r/s'], matchAttribute: 'a.b/c' }] }), 'alternatives'],
  ])('is not %s %j: %s', (kind, object) => {
    expect(statusOf({ kind, object })).toBeUndefined();
  });

  it.each<[what: string, status: object]>([
    ['with addresses', { devices: [{ ...result, networkData: { interfaceName: 'eth1', hardwareAddress: '02:00:00:00:00:01', ips: ['10.0.0.1/24', '2001:db8::1/64'] } }] }],
    ['with conditions', { devices: [{ ...result, conditions: conditions(8) }] }],
  ])('is not what a driver says of a device %s', (_what, status) => {
    expect(statusOf(allocated(status))).toBeUndefined();
  });

  it('may keep what it had when rules were others', () => {
    const kept = device({ taints: [{ key: 'a', effect: 'Odd' }] });
    expect(statusOf({ kind: 'resource.k8s.io/ResourceSlice', old: kept, object: kept })).toBeUndefined();
    const rule = { spec: { taint: { key: 'a', effect: 'Odd' } } };
    expect(statusOf({ kind: 'resource.k8s.io/DeviceTaintRule', old: rule, object: rule })).toBeUndefined();
    const large = { spec: { selectors: [{ cel: { expression: 'x'.repeat(10_241) } }], config: [{ opaque: { driver: 'd.example.com', parameters: { a: 'x'.repeat(10_241) } } }] } };
    expect(statusOf({ kind: 'resource.k8s.io/DeviceClass', old: large, object: large })).toBeUndefined();
    expect(statusOf({ kind: 'resource.k8s.io/DeviceClass', object: large })).toBeDefined();
  });
});
