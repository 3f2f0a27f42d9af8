import { type Probe, statusOf } from './probe';

// Kinds that are served when they are asked for only.

const lease = { leaseName: 'l', binaryVersion: '1.36.0', emulationVersion: '1.35.0', strategy: 'OldestEmulationVersion' };
const candidate = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'coordination.k8s.io/LeaseCandidate', object: { spec: { ...lease, ...parts } } });
const condition = { type: 'Running', status: 'True', reason: 'R', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
const migration = { kind: 'storagemigration.k8s.io/StorageVersionMigration' };
const resource = { spec: { resource: { group: 'apps', resource: 'deployments' } } };
const server = { apiServerID: 's', encodingVersion: 'v1', decodableVersions: ['v1'] };
const versions = (status: object): Pick<Probe, 'kind' | 'object' | 'old' | 'view'> => ({ kind: 'internal.apiserver.k8s.io/StorageVersion', object: { status }, old: { metadata: { name: 'a.b' } }, view: 'status' });
const storageCondition = { type: 'A', status: 'True', reason: 'R', message: 'm' };
const gang = { schedulingPolicy: { gang: { minCount: 2 } } };
const group = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'scheduling.k8s.io/PodGroup', object: { spec: { ...gang, ...parts } } });
const templates = (...podGroupTemplates: object[]): object => ({ spec: { podGroupTemplates } });
const template = { name: 'a', ...gang };
const workload = { kind: 'scheduling.k8s.io/Workload' };
const pools = (parts: object): Pick<Probe, 'kind' | 'object'> => ({ kind: 'resource.k8s.io/ResourcePoolStatusRequest', object: { spec: { driver: 'd.example.com', ...parts } } });
const asked = { spec: { driver: 'd.example.com' } };
const answer = (status: object, old: object = asked): Pick<Probe, 'kind' | 'object' | 'old' | 'view'> => ({ kind: 'resource.k8s.io/ResourcePoolStatusRequest', object: { status }, old, view: 'status' });
const claims = (...resourceClaimStatuses: object[]): Pick<Probe, 'kind' | 'object' | 'old' | 'view'> => ({ kind: 'scheduling.k8s.io/PodGroup', object: { status: { resourceClaimStatuses } }, old: { spec: { ...gang, resourceClaims: [{ name: 'a', resourceClaimName: 'x' }] } }, view: 'status' });
const oneOf = 'must specify one of: `basic`, `gang`';

const probes: readonly Probe[] = [
  { ...claims({ name: 'b' }), field: 'status.resourceClaimStatuses[0].name', reason: 'FieldValueInvalid', message: 'Invalid value: "b": must match the name of an entry in `spec.resourceClaims`' },
  { ...claims({ name: 'a' }, { name: 'a' }), field: 'status.resourceClaimStatuses[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: {"name":"a"}' },
  { ...claims({ name: 'a', resourceClaimName: 'x'.repeat(254) }), field: 'status.resourceClaimStatuses[0].resourceClaimName', reason: 'FieldValueInvalid', message: `Invalid value: "${'x'.repeat(254)}": must be no more than 253 bytes` },
  { ...candidate({ leaseName: '' }), field: 'spec.leaseName', reason: 'FieldValueRequired', message: 'Required value' },
  { ...candidate({ binaryVersion: '' }), field: 'spec.binaryVersion', reason: 'FieldValueRequired', message: 'Required value' },
  { ...candidate({ binaryVersion: '1.36' }), field: 'spec.binaryVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "1.36": must be a valid semantic version' },
  { ...candidate({ emulationVersion: '1.036.0' }), field: 'spec.emulationVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "1.036.0": must be a valid semantic version' },
  ...[['1.34.9', '1.35.0'], ['1.36.0-beta.2', '1.36.0'], ['1.36.0-beta.2', '1.36.0-beta.11'], ['1.36.0-1', '1.36.0-alpha'], ['1.36.0-a', '1.36.0-a.1']].map(([binaryVersion, emulationVersion]): Probe => ({
    ...candidate({ binaryVersion, emulationVersion }), field: 'spec.binaryVersion', reason: 'FieldValueInvalid', message: `Invalid value: "${binaryVersion}": must be greater than or equal to \`emulationVersion\``,
  })),
  { ...candidate({ binaryVersion: 'x' }), field: 'spec.binaryVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "x": must be greater than or equal to `emulationVersion`' },
  { ...candidate({ emulationVersion: '' }), field: 'spec.emulationVersion', reason: 'FieldValueRequired', message: "Required value: must be specified when `strategy` is 'OldestEmulationVersion'" },
  { ...candidate({ strategy: '' }), field: 'spec.strategy', reason: 'FieldValueRequired', message: 'Required value' },
  { ...candidate({ strategy: 'Newest' }), field: 'spec.strategy.strategy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Newest": supported values: "OldestEmulationVersion"' },
  { ...candidate({ leaseName: 'm' }), old: { spec: lease }, field: 'spec.leaseName', reason: 'FieldValueInvalid', message: 'Invalid value: "m": field is immutable' },
  { kind: 'coordination.k8s.io/Lease', object: { spec: { strategy: 'Newest' } }, field: 'spec.strategy.strategy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Newest": supported values: "OldestEmulationVersion"' },
  { kind: 'coordination.k8s.io/Lease', object: { spec: { preferredHolder: 'a' } }, field: 'spec.preferredHolder', reason: 'FieldValueForbidden', message: 'Forbidden: may only be specified if `strategy` is defined' },

  { ...migration, object: { spec: { resource: {} } }, field: 'spec.resource.resource', reason: 'FieldValueRequired', message: 'Required value: resource is required' },
  { ...migration, object: { spec: { resource: { group: 'batch', resource: 'deployments' } } }, old: resource, field: 'group', reason: 'FieldValueInvalid', message: 'Invalid value: "batch": field is immutable' },
  { ...migration, object: { spec: { resource: { group: 'apps', resource: 'pods' } } }, old: resource, field: 'resource', reason: 'FieldValueInvalid', message: 'Invalid value: "pods": field is immutable' },
  { ...migration, object: { status: { resourceVersion: 'x' } }, old: resource, view: 'status', field: 'status.resourceVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "x": failed to parse resource version "x": strconv.ParseInt: parsing "x": invalid syntax' },
  { ...migration, object: { status: { resourceVersion: '-1' } }, old: resource, view: 'status', field: 'status.resourceVersion', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0' },
  { ...migration, object: { status: { resourceVersion: '2' } }, old: { ...resource, status: { resourceVersion: '1' } }, view: 'status', field: 'status.resourceVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "2": cannot be updated' },
  { ...migration, object: { status: { conditions: [condition, condition] } }, old: resource, view: 'status', field: 'status.conditions[1].type', reason: 'FieldValueDuplicate', message: 'Duplicate value: "Running"' },
  { ...migration, object: { status: { conditions: [{ ...condition, status: 'Maybe' }] } }, old: resource, view: 'status', field: 'status.conditions[0].status', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Maybe": supported values: "False", "True", "Unknown"' },
  { ...migration, object: { status: { conditions: [{ ...condition, lastTransitionTime: undefined }] } }, old: resource, view: 'status', field: 'status.conditions[0].lastTransitionTime', reason: 'FieldValueRequired', message: 'Required value' },
  { ...migration, object: { status: { conditions: [{ ...condition, reason: '' }] } }, old: resource, view: 'status', field: 'status.conditions[0].reason', reason: 'FieldValueRequired', message: 'Required value' },
  { ...migration, object: { status: { conditions: [{ ...condition, reason: 'a b' }] } }, old: resource, view: 'status', field: 'status.conditions[0].reason', reason: 'FieldValueInvalid', message: "Invalid value: \"a b\": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')" },
  { ...migration, object: { status: { conditions: [{ ...condition, message: 'm'.repeat(32769) }] } }, old: resource, view: 'status', field: 'status.conditions[0].message', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 32768 bytes' },
  { ...migration, object: { status: { conditions: [{ ...condition, type: 'Succeeded' }, { ...condition, type: 'Failed' }] } }, old: resource, view: 'status', field: 'status.conditions', reason: 'FieldValueInvalid', message: 'Invalid value: [{"type":"Succeeded","status":"True","reason":"R","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"},{"type":"Failed","status":"True","reason":"R","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]: Both success and failed conditions cannot be true at the same time' },
  { ...migration, object: { status: { conditions: [] } }, old: { ...resource, status: { conditions: [{ ...condition, type: 'Failed' }] } }, view: 'status', field: 'status.conditions', reason: 'FieldValueInvalid', message: 'Invalid value: null: Failed condition cannot be set to false once it is true' },

  { kind: 'internal.apiserver.k8s.io/StorageVersion', object: {}, field: 'metadata.name', reason: 'FieldValueInvalid', message: 'Invalid value: "a": name must be in the form of <group>.<resource>' },
  { ...versions({ storageVersions: [{ ...server, decodableVersions: ['v2'] }], commonEncodingVersion: 'v1' }), field: 'status.storageVersions[0].decodableVersions', reason: 'FieldValueInvalid', message: 'Invalid value: ["v2"]: decodableVersions must include encodingVersion v1' },
  { ...versions({ storageVersions: [{ ...server, encodingVersion: '/v1', decodableVersions: ['/v1'] }], commonEncodingVersion: '/v1' }), field: 'status.storageVersions[0].encodingVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "/v1": group part: must be non-empty' },
  { ...versions({ storageVersions: [server] }), field: 'status.commonEncodingVersion', reason: 'FieldValueInvalid', message: 'Invalid value: null: the common encoding version is v1' },
  { ...versions({ storageVersions: [server], commonEncodingVersion: 'v2' }), field: 'status.commonEncodingVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "v2": the actual common encoding version is v1' },
  { ...versions({ commonEncodingVersion: 'v1' }), field: 'status.commonEncodingVersion', reason: 'FieldValueInvalid', message: 'Invalid value: "v1": should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet' },
  { ...versions({ conditions: [storageCondition, storageCondition] }), field: 'status[1].type', reason: 'FieldValueInvalid', message: 'Invalid value: "A": the type of the condition is not unique, it also appears in conditions[0]' },
  { ...versions({ conditions: [{ ...storageCondition, reason: '' }] }), field: 'status[0].reason', reason: 'FieldValueRequired', message: 'Required value: reason cannot be empty' },

  { ...group({ schedulingPolicy: {} }), field: 'spec.schedulingPolicy', reason: 'FieldValueInvalid', message: `Invalid value: "": ${oneOf}` },
  { ...group({ schedulingPolicy: { basic: {}, gang: { minCount: 1 } } }), field: 'spec.schedulingPolicy', reason: 'FieldValueInvalid', message: 'Invalid value: "{basic, gang}": must specify exactly one of: `basic`, `gang`' },
  { ...group({ schedulingPolicy: { gang: {} } }), field: 'spec.schedulingPolicy.gang.minCount', reason: 'FieldValueRequired', message: 'Required value' },
  { ...group({ schedulingPolicy: { gang: { minCount: -1 } } }), field: 'spec.schedulingPolicy.gang.minCount', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 1' },
  { ...group({ podGroupTemplateRef: { workload: { workloadName: 'w' } } }), field: 'spec.podGroupTemplateRef.workload.podGroupTemplateName', reason: 'FieldValueRequired', message: 'Required value' },
  { ...group({ schedulingConstraints: { topology: [{ key: 'a' }, { key: 'b' }] } }), field: 'spec.schedulingConstraints.topology', reason: 'FieldValueTooMany', message: 'Too many: 2: must have at most 1 item' },
  { ...group({ disruptionMode: 'All' }), field: 'spec.disruptionMode', reason: 'FieldValueNotSupported', message: 'Unsupported value: "All": supported values: "Pod", "PodGroup"' },
  { ...group({ resourceClaims: [{ name: 'c' }] }), field: 'spec.resourceClaims[0]', reason: 'FieldValueInvalid', message: 'Invalid value: "": must specify one of: `resourceClaimName`, `resourceClaimTemplateName`' },
  { ...group({ resourceClaims: [{ name: 'c', resourceClaimName: 'a' }, { name: 'c', resourceClaimName: 'b' }] }), field: 'spec.resourceClaims[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: {"name":"c"}' },
  { ...group({ schedulingPolicy: { gang: { minCount: 3 } } }), old: { spec: gang }, field: 'spec.schedulingPolicy', reason: 'FieldValueInvalid', message: 'Invalid value: null: field is immutable' },
  { kind: 'scheduling.k8s.io/PodGroup', object: { status: { resourceClaimStatuses: [{ name: 'c' }] } }, old: { spec: gang }, view: 'status', field: 'status.resourceClaimStatuses[0].name', reason: 'FieldValueInvalid', message: 'Invalid value: "c": must match the name of an entry in `spec.resourceClaims`' },
  { ...workload, object: templates(), field: 'spec.podGroupTemplates', reason: 'FieldValueRequired', message: 'Required value' },
  { ...workload, object: templates(...Array.from({ length: 9 }, (_, i) => ({ ...template, name: `t${i}` }))), field: 'spec.podGroupTemplates', reason: 'FieldValueTooMany', message: 'Too many: 9: must have at most 8 items' },
  { ...workload, object: templates({ ...template, name: '' }), field: 'spec.podGroupTemplates[0].name', reason: 'FieldValueRequired', message: 'Required value' },
  { ...workload, object: templates(template, template), field: 'spec.podGroupTemplates[1]', reason: 'FieldValueDuplicate', message: 'Duplicate value: {"name":"a","schedulingPolicy":{"gang":{"minCount":2}}}' },
  { ...workload, object: templates({ name: 'a', schedulingPolicy: {} }), field: 'spec.podGroupTemplates[0].schedulingPolicy', reason: 'FieldValueInvalid', message: `Invalid value: "": ${oneOf}` },
  { ...workload, object: { spec: { podGroupTemplates: [template], controllerRef: { kind: 'Job', name: 'a/b' } } }, field: 'spec.controllerRef.name', reason: 'FieldValueInvalid', message: "Invalid value: \"a/b\": may not contain '/'" },
  { ...workload, object: templates({ ...template, name: 'b' }), old: templates(template), field: 'spec.podGroupTemplates', reason: 'FieldValueInvalid', message: 'Invalid value: null: field is immutable' },
  { ...workload, object: { spec: { podGroupTemplates: [template], controllerRef: { kind: 'Job', name: 'j' } } }, old: templates(template), field: 'spec.controllerRef', reason: 'FieldValueInvalid', message: 'Invalid value: null: field is immutable' },

  { ...pools({ driver: '' }), field: 'spec.driver', reason: 'FieldValueRequired', message: 'Required value' },
  { ...pools({ limit: 0 }), field: 'spec.limit', reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be greater than or equal to 1' },
  { ...pools({ poolName: 'a//b' }), field: 'spec.poolName', reason: 'FieldValueInvalid', message: 'Invalid value: "a//b": segment 1: must not be empty' },
  { ...pools({ limit: 1001 }), field: 'spec.limit', reason: 'FieldValueInvalid', message: 'Invalid value: 1001: must be less than or equal to 1000' },
  { ...pools({ limit: 3 }), old: asked, field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: null: field is immutable' },
  { ...answer({ poolCount: 1, pools: [{ driver: 'd', generation: 1 }] }), field: 'status.pools[0].poolName', reason: 'FieldValueRequired', message: 'Required value' },
  { ...answer({ poolCount: 1, pools: [{ driver: 'd', poolName: 'p', generation: 1, totalDevices: -1 }] }), field: 'status.pools[0].totalDevices', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0' },
  { ...answer({ poolCount: 1, pools: [{ driver: 'd', poolName: 'p', generation: 1, resourceSliceCount: 0 }] }), field: 'status.pools[0].resourceSliceCount', reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be greater than or equal to 1' },
  { ...answer({ poolCount: 2 }, { ...asked, status: { poolCount: 1 } }), field: 'status', reason: 'FieldValueInvalid', message: 'Invalid value: {"poolCount":2}: field is immutable' },
];

describe('an object of a kind behind a switch that is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const status = statusOf(rest);
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(status?.causes).toContainEqual({ field, reason, message });
  });

  it.each<Pick<Probe, 'kind' | 'object' | 'old' | 'view'>>([
    candidate({}),
    candidate({ binaryVersion: '1.36.0+build.5', emulationVersion: '1.36.0-rc.1' }),
    candidate({ strategy: 'example.com/Newest', emulationVersion: '' }),
    { ...migration, ...{ object: resource } },
    { ...migration, object: { status: { resourceVersion: '5', conditions: [condition] } }, old: resource, view: 'status' },
    { kind: 'internal.apiserver.k8s.io/StorageVersion', object: { metadata: { name: 'apps.deployments' } } },
    versions({ storageVersions: [server, { ...server, apiServerID: 't' }], commonEncodingVersion: 'v1', conditions: [storageCondition] }),
    versions({ storageVersions: [server, { ...server, encodingVersion: 'a.b/v2', decodableVersions: ['v1', 'a.b/v2'] }] }),
    group({ podGroupTemplateRef: { workload: { workloadName: 'w.x', podGroupTemplateName: 't' } }, disruptionMode: 'PodGroup', schedulingConstraints: { topology: [{ key: 'topology.kubernetes.io/zone' }] }, resourceClaims: [{ name: 'c', resourceClaimName: 'a' }] }),
    { ...workload, object: { spec: { podGroupTemplates: [template], controllerRef: { apiGroup: 'batch', kind: 'Job', name: 'j' } } } },
    pools({ poolName: 'a/b', limit: 1000 }),
    answer({ poolCount: 1, pools: [{ driver: 'd', poolName: 'p', generation: 1, totalDevices: 4, resourceSliceCount: 1 }] }),
  ])('is not $kind $object', (probe) => {
    expect(statusOf(probe)).toBeUndefined();
  });
});
