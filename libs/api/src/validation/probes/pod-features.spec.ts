import { type Probe, statusOf } from './probe';

// Rules of what pods can do since 1.33 or so.

const container = { name: 'c', image: 'x' };
const spec = { containers: [container] };
const pod = (parts: object): object => ({ spec: { ...spec, ...parts } });
const of = (parts: object): object => pod({ containers: [{ ...container, ...parts }] });
const pages = (amount: string): object => of({ resources: { limits: { cpu: '1', 'hugepages-2Mi': amount } } });
const variable = (fileKeyRef: object, volumes: object[]): object => pod({ volumes, containers: [{ ...container, env: [{ name: 'A', valueFrom: { fileKeyRef: { key: 'K', volumeName: 'v', path: 'f', ...fileKeyRef } } }] }] });
const certificate = (parts: object): object => pod({ volumes: [{ name: 'v', projected: { sources: [{ podCertificate: { signerName: 'example.com/s', keyType: 'ED25519', credentialBundlePath: 'b', ...parts } }] } }] });
const less = (value: string): object => pod({ tolerations: [{ key: 'a', operator: 'Lt', value }] });
const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [1] } };
const shared = (parts: object, ...containers: object[]): object => pod({ resources: { limits: { 'hugepages-2Mi': '2Mi', cpu: '1' } }, ...parts, containers: containers.map((resources, i) => ({ name: `c${i}`, image: 'x', resources })) });
const selector = { matchLabels: { app: 'a' } };
const onePage = { limits: { 'hugepages-2Mi': '2Mi', cpu: '1m' } };
const claim = (parts: object): object => ({ status: { extendedResourceClaimStatus: { resourceClaimName: 'r', requestMappings: [{ containerName: 'c', resourceName: 'example.com/gpu', requestName: 'q' }], ...parts } } });
const withDevice = of({ resources: { limits: { 'example.com/gpu': '1' }, claims: [{ name: 'd', request: 'r' }] } });
const devices = (name: string, ...resources: object[]): object => ({ status: { containerStatuses: [{ ...container, imageID: '', ready: true, restartCount: 0, allocatedResourcesStatus: [{ name, resources }] }] } });
const onPod = { view: 'status', old: withDevice } as const;
const at = 'status.containerStatuses[0].allocatedResourcesStatus[0]';

const probes: readonly Omit<Probe, 'kind'>[] = [
  { object: pages('3Mi'), field: 'spec.containers[0].resources.limits[hugepages-2Mi]', reason: 'FieldValueInvalid', message: 'Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi' },
  { object: pod({ overhead: { widgets: '1' } }), field: 'spec.overhead.limits[widgets]', reason: 'FieldValueInvalid', message: 'Invalid value: "widgets": must be a standard resource for containers' },
  { object: { spec: { restartPolicy: 'Never', containers: [{ ...container, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }] } }, field: 'spec.containers[0].resizePolicy', reason: 'FieldValueInvalid', message: 'Invalid value: "RestartContainer": must be \'NotRequired\' when `restartPolicy` is \'Never\'' },
  { object: of({ restartPolicy: 'Never', restartPolicyRules: Array.from({ length: 21 }, () => rule) }), field: 'spec.containers[0].restartPolicyRules', reason: 'FieldValueTooMany', message: 'Too many: 21: must have at most 20 items' },
  { object: of({ restartPolicy: 'Never', restartPolicyRules: [{ ...rule, action: '' }] }), field: 'spec.containers[0].restartPolicyRules[0].action', reason: 'FieldValueNotSupported', message: 'Unsupported value: "": supported values: "Restart", "RestartAllContainers"' },
  { object: variable({}, []), field: 'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName', reason: 'FieldValueNotFound', message: 'Not found: "v"' },
  { object: variable({}, [{ name: 'v', hostPath: { path: '/x' } }]), field: 'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName', reason: 'FieldValueInvalid', message: 'Invalid value: "v": referenced volume must be of type emptyDir' },
  { object: variable({ path: 'a/../b' }, [{ name: 'v', emptyDir: {} }]), field: 'spec.containers[0].env[0].valueFrom.fileKeyRef.path', reason: 'FieldValueInvalid', message: 'Invalid value: "a/../b": must not contain \'..\'' },
  { object: certificate({ maxExpirationSeconds: 7_862_401 }), field: 'spec.volumes[0].projected.sources[0].podCertificate.maxExpirationSeconds', reason: 'FieldValueInvalid', message: 'Invalid value: 7862401: if provided, maxExpirationSeconds must be <= 7862400' },
  { object: certificate({ signerName: 'kubernetes.io/s', maxExpirationSeconds: 86_401 }), field: 'spec.volumes[0].projected.sources[0].podCertificate.maxExpirationSeconds', reason: 'FieldValueInvalid', message: 'Invalid value: 86401: if provided, maxExpirationSeconds must be <= 86400' },
  { object: shared({ os: { name: 'windows' } }, {}), field: 'spec.resources', reason: 'FieldValueForbidden', message: 'Forbidden: may not be set for a windows pod' },
  { object: shared({}, onePage, onePage), field: 'spec.resources.limits[hugepages-2Mi]', reason: 'FieldValueInvalid', message: 'Invalid value: "2Mi": must be greater than or equal to aggregate container limits of 4Mi' },
  { object: pod({ resources: { claims: [{ name: 'a' }] } }), field: 'spec.resources.claims', reason: 'FieldValueForbidden', message: 'Forbidden: claims may not be set for Resources at pod-level' },
  { object: pod({ hostUsers: false, hostPID: true }), field: 'spec.HostPID', reason: 'FieldValueForbidden', message: 'Forbidden: when `hostUsers` is false' },
  { object: pod({ schedulingGroup: { podGroupName: 'A' } }), field: 'spec.schedulingGroup.podGroupName', reason: 'FieldValueInvalid', message: `Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')` },
  { object: less('1'), closed: ['TaintTolerationComparisonOperators'], field: 'spec.tolerations[0].operator', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Lt": supported values: "Equal", "Exists", "Lt", "Gt"' },
  { object: less('007'), field: 'spec.tolerations[0].value', reason: 'FieldValueInvalid', message: 'Invalid value: "007": must be a valid decimal integer in canonical form' },
  { object: less(''), field: 'spec.tolerations[0].value', reason: 'FieldValueInvalid', message: 'Invalid value: "": strconv.ParseInt: parsing "": invalid syntax' },
  { object: less('9223372036854775808'), field: 'spec.tolerations[0].value', reason: 'FieldValueInvalid', message: 'Invalid value: "9223372036854775808": strconv.ParseInt: parsing "9223372036854775808": value out of range' },
  { object: pod({ tolerations: [{ key: 'a', operator: 'Le', value: '1' }] }), field: 'spec.tolerations[0].operator', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Le": supported values: "Equal", "Exists"' },
  { ...onPod, object: claim({ requestMappings: [] }), field: 'status.extendedResourceClaimStatus.requestMappings', reason: 'FieldValueRequired', message: 'Required value: at least one request mapping is required' },
  { ...onPod, object: claim({ requestMappings: [{ containerName: 'd', resourceName: 'r', requestName: 'q' }] }), field: 'status.extendedResourceClaimStatus.requestMappings[0].containerName', reason: 'FieldValueInvalid', message: 'Invalid value: "d": must match the name of an entry in spec.initContainers.name or spec.containers.name' },
  { ...onPod, object: claim({ requestMappings: [{ containerName: 'c', resourceName: 'r', requestName: 'q' }] }), field: 'status.extendedResourceClaimStatus.requestMappings[0].resourceName', reason: 'FieldValueInvalid', message: 'Invalid value: "r": must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests' },
  { ...onPod, object: claim({ resourceClaimName: '' }), field: 'status.extendedResourceClaimStatus.resourceClaimName', reason: 'FieldValueRequired', message: 'Required value' },
  { ...onPod, object: devices('claim:d'), field: `${at}.name`, reason: 'FieldValueInvalid', message: 'Invalid value: "claim:d": must match one of the container\'s resource claims in a format \'claim:<claimName>/<request>\' or \'claim:<claimName>\' if request is empty' },
  { ...onPod, object: devices('cpu'), field: `${at}.name`, reason: 'FieldValueInvalid', message: 'Invalid value: "cpu": must match one of the container\'s resource requests' },
  { ...onPod, object: devices('claim:d/r', { resourceID: 'a', health: 'Ill' }), field: `${at}.resources[0].health`, reason: 'FieldValueNotSupported', message: 'Unsupported value: "Ill": supported values: "Healthy", "Unhealthy", "Unknown"' },
  { ...onPod, object: devices('claim:d/r', { resourceID: 'a', health: 'Healthy' }, { resourceID: 'a', health: 'Healthy' }), field: `${at}.resources[1].resourceID`, reason: 'FieldValueDuplicate', message: 'Duplicate value: "a"' },
  { view: 'status', old: pod({ nodeName: 'n' }), object: { status: { nominatedNodeName: 'm' } }, field: 'status.nominatedNodeName', reason: 'FieldValueForbidden', message: 'Forbidden: may not be set on pods that are already bound to a node' },
  { view: 'status', old: pod({}), object: { status: { observedGeneration: -1 } }, field: 'status.observedGeneration', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be a non-negative integer' },
  { view: 'status', old: pod({}), object: { status: { containerStatuses: [{ ...container, imageID: '', ready: true, restartCount: 0, user: { linux: { uid: 1, gid: -1 } } }] } }, field: 'status.containerStatuses[0].user.linux.gid', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be between 0 and 2147483647, inclusive' },
];

describe('a pod with a newer feature', () => {
  it.each(probes)('is refused at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    expect(statusOf({ kind: '/Pod', ...rest })?.causes).toContainEqual({ field, reason, message });
  });

  const ended = { containerStatuses: [{ ...container, imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 0 } } }] };
  const going = { status: { containerStatuses: [{ ...container, imageID: '', ready: true, restartCount: 1, state: { running: {} } }] } };

  it.each<[why: string, probe: Pick<Probe, 'object' | 'old' | 'view' | 'closed'>]>([
    ['a file in a volume of its own', { object: variable({ key: 'a.b-c' }, [{ name: 'v', emptyDir: {} }]) }],
    ['part of a huge page from before the rule', { object: { metadata: { labels: { a: 'b' } } }, old: pages('3Mi') }],
    ['as many huge pages as its containers', { object: shared({ resources: { limits: { 'hugepages-2Mi': '4Mi', cpu: '1' } } }, onePage, onePage) }],
    ['a claim for an extended resource', { ...onPod, object: claim({}) }],
    ['devices that are well', { ...onPod, object: devices('claim:d/r', { resourceID: 'a', health: 'Healthy' }) }],
    ['a container that comes back as another one\'s rule has it', { view: 'status', object: going, old: { status: ended, spec: { restartPolicy: 'Never', containers: [container, { name: 'd', image: 'x', restartPolicy: 'Never', restartPolicyRules: [{ ...rule, action: 'RestartAllContainers' }] }] } } }],
    ['a toleration that compares numbers', { object: less('-9223372036854775808') }],
    ['one that it had before its gate was closed', { object: { metadata: { labels: { a: 'b' } } }, old: less('1'), closed: ['TaintTolerationComparisonOperators'] }],
  ])('may have %s', (_why, probe) => {
    expect(statusOf({ kind: '/Pod', ...probe })).toBeUndefined();
  });

  it.each<[kind: string, spec: (template: object) => object, field: string]>([
    ['apps/Deployment', (template) => ({ selector, template }), 'spec.template.spec'],
    ['apps/ReplicaSet', (template) => ({ selector, template }), 'spec.template.spec'],
    ['apps/DaemonSet', (template) => ({ selector, template }), 'spec.template.spec'],
    ['apps/StatefulSet', (template) => ({ selector, template, serviceName: 's' }), 'spec.template.spec'],
    ['batch/CronJob', (template) => ({ schedule: '0 * * * *', jobTemplate: { spec: { template } } }), 'spec.jobTemplate.spec.template.spec'],
    ['/ReplicationController', (template) => ({ template }), 'spec.template.spec'],
  ])('compares numbers in a template of a %s while the gate is open', (kind, specOf, field) => {
    const { spec } = less('1') as { spec: object };
    const object = { spec: specOf({ metadata: { labels: selector.matchLabels }, spec: kind === 'batch/CronJob' ? { ...spec, restartPolicy: 'Never' } : spec }) };
    expect(statusOf({ kind, object })).toBeUndefined();
    expect(statusOf({ kind, object, closed: ['TaintTolerationComparisonOperators'] })?.causes.map((cause) => cause.field)).toEqual([`${field}.tolerations[0].operator`]);
    expect(statusOf({ kind, object: { metadata: { labels: { a: 'b' } } }, old: object, closed: ['TaintTolerationComparisonOperators'] })).toBeUndefined();
  });

  it('never does in a RuntimeClass', () => {
    const object = { handler: 'h', scheduling: { tolerations: [{ key: 'a', operator: 'Gt', value: '1' }] } };
    expect(statusOf({ kind: 'node.k8s.io/RuntimeClass', object })?.causes.map((cause) => cause.field)).toEqual(['scheduling.tolerations[0].operator']);
  });

  it('has no claims where its node runs it by itself', () => {
    const status = statusOf({ kind: '/Pod', object: { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } }, ...pod({ nodeName: 'n', resourceClaims: [{ name: 'r', resourceClaimName: 'r' }] }) } });
    expect(status?.causes).toEqual([{ field: '[]', reason: 'FieldValueForbidden', message: 'Forbidden: static pods do not support resource claims' }]);
  });
});

describe('what nodes and load balancers say', () => {
  it.each<Probe>([
    { kind: '/Node', view: 'status', old: {}, object: { status: { declaredFeatures: ['B', 'A'] } }, field: 'status.declaredFeatures[1]', reason: 'FieldValueInvalid', message: 'Invalid value: "A": list must be sorted alphabetically' },
    { kind: '/Node', view: 'status', old: {}, object: { status: { declaredFeatures: ['A', 'A'] } }, field: 'status.declaredFeatures[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "A"' },
    { kind: '/Node', object: { spec: { taints: [{ key: 'a', effect: 'NoExecute' }, { key: 'a', effect: 'NoExecute', value: 'b' }] } }, field: 'metadata.taints[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: {"key":"a","effect":"NoExecute","value":"b"}: taints must be unique by key and effect pair' },
    { kind: '/Service', view: 'status', old: { spec: { ports: [{ port: 80 }] } }, object: { status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } }, field: 'status.loadBalancer.ingress', reason: 'FieldValueForbidden', message: "Forbidden: may only be used when `spec.type` is 'LoadBalancer'" },
  ])('$kind is held to $field: $message', ({ field, reason, message, ...rest }) => {
    expect(statusOf(rest)?.causes).toContainEqual({ field, reason, message });
  });

  it('names of features are no free text', () => {
    expect(statusOf({ kind: '/Node', view: 'status', old: {}, object: { status: { declaredFeatures: ['Guaranteed/pods', 'a'] } } })?.causes).toEqual([
      { field: 'status.declaredFeatures[1]', reason: 'FieldValueInvalid', message: expect.stringContaining('invalid feature name "a": must start with an UpperCamelCase segment') as string },
    ]);
  });
});
