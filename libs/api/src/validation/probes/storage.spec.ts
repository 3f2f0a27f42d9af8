import { type Probe, statusOf } from './probe';

const driver = (parts: object): object => ({ spec: parts });
const tokens = (...tokenRequests: object[]): object => driver({ tokenRequests });
const attachment = (parts: object): object => ({ spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'v' }, ...parts } });
const node = (...drivers: object[]): object => ({ spec: { drivers } });

const csiDriver = 'storage.k8s.io/CSIDriver';
const csiNode = 'storage.k8s.io/CSINode';
const volumeAttachment = 'storage.k8s.io/VolumeAttachment';
const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
const subdomain = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;

const probes: readonly Probe[] = [
  { kind: csiDriver, object: driver({ fsGroupPolicy: 'Odd' }), field: 'spec.fsGroupPolicy', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Odd": supported values: "File", "None", "ReadWriteOnceWithFSType"' },
  { kind: csiDriver, object: driver({ volumeLifecycleModes: ['Odd'] }), field: 'spec.volumeLifecycleModes', reason: 'FieldValueNotSupported', message: 'Unsupported value: "Odd": supported values: "Persistent", "Ephemeral"' },
  { kind: csiDriver, object: tokens({ audience: 'a' }, { audience: 'a' }), field: 'spec.tokenRequests[1].audience', reason: 'FieldValueDuplicate', message: 'Duplicate value: "a"' },
  { kind: csiDriver, object: tokens({ audience: 'a', expirationSeconds: 599 }), field: 'spec.tokenRequests[0].expirationSeconds', reason: 'FieldValueInvalid', message: 'Invalid value: 599: may not specify a duration less than 10 minutes' },
  { kind: csiDriver, object: tokens({ audience: 'a', expirationSeconds: 2 ** 32 + 1 }), field: 'spec.tokenRequests[0].expirationSeconds', reason: 'FieldValueInvalid', message: 'Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds' },
  { kind: csiDriver, object: driver({ nodeAllocatableUpdatePeriodSeconds: 9 }), field: 'spec.nodeAllocatableUpdatePeriodSeconds', reason: 'FieldValueInvalid', message: 'Invalid value: 9: must be greater than or equal to 10 seconds' },
  { kind: csiDriver, object: driver({ serviceAccountTokenInSecrets: true }), field: 'spec.serviceAccountTokenInSecrets', reason: 'FieldValueInvalid', message: 'Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified' },
  { kind: csiDriver, object: driver({ attachRequired: false }), old: driver({}), field: 'spec.attachedRequired', reason: 'FieldValueInvalid', message: 'Invalid value: false: field is immutable' },
  { kind: csiDriver, object: driver({ volumeLifecycleModes: ['Ephemeral'] }), old: driver({}), field: 'spec.volumeLifecycleModes', reason: 'FieldValueInvalid', message: 'Invalid value: ["Ephemeral"]: field is immutable' },
  { kind: csiNode, object: node({ name: '', nodeID: 'n' }), field: 'spec.drivers[0].name', reason: 'FieldValueRequired', message: 'Required value' },
  { kind: csiNode, object: node({ name: 'd', nodeID: 'n', topologyKeys: ['k', 'k'] }), field: 'spec.drivers[0]', reason: 'FieldValueDuplicate', message: 'Duplicate value: "k"' },
  { kind: csiNode, object: node({ name: 'd', nodeID: 'n', allocatable: { count: -1 } }), field: 'spec.drivers[0].allocatable.count', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0' },
  { kind: csiNode, object: node({ name: 'd', nodeID: 'm' }), old: node({ name: 'd', nodeID: 'n' }), field: 'spec.drivers', reason: 'FieldValueInvalid', message: 'Invalid value: {"name":"d","nodeID":"m"}: field is immutable' },
  { kind: volumeAttachment, object: attachment({ attacher: '' }), field: 'spec.attacher', reason: 'FieldValueRequired', message: 'Required value' },
  { kind: volumeAttachment, object: attachment({ attacher: 'a_b' }), field: 'spec.attacher', reason: 'FieldValueInvalid', message: `Invalid value: "a_b": ${subdomain}` },
  { kind: volumeAttachment, object: attachment({ source: { persistentVolumeName: 'V' } }), old: attachment({}), field: 'spec.source.persistentVolumeName', reason: 'FieldValueInvalid', message: `Invalid value: "V": ${subdomain}` },
  { kind: volumeAttachment, object: attachment({ source: {} }), field: 'spec.source', reason: 'FieldValueRequired', message: `Required value: ${exactlyOne}` },
  { kind: volumeAttachment, object: attachment({ source: { persistentVolumeName: 'v', inlineVolumeSpec: { capacity: { storage: '1Gi' } } } }), field: 'spec.source', reason: 'FieldValueForbidden', message: `Forbidden: ${exactlyOne}` },
  { kind: volumeAttachment, object: attachment({ source: { persistentVolumeName: '' } }), field: 'spec.source.persistentVolumeName', reason: 'FieldValueRequired', message: 'Required value: must specify non empty persistentVolumeName' },
  { kind: volumeAttachment, object: attachment({ source: { persistentVolumeName: 'V' } }), field: 'spec.source.persistentVolumeName', reason: 'FieldValueInvalid', message: `Invalid value: "V": ${subdomain}` },
  { kind: volumeAttachment, object: attachment({ nodeName: '' }), field: 'spec.nodeName', reason: 'FieldValueInvalid', message: `Invalid value: "": ${subdomain}` },
  { kind: volumeAttachment, object: attachment({ nodeName: 'm' }), old: attachment({}), field: 'spec', reason: 'FieldValueInvalid', message: 'Invalid value: {"attacher":"a.b","nodeName":"m","source":{"persistentVolumeName":"v"}}: field is immutable' },
  { kind: volumeAttachment, object: { status: { attached: true, attachmentMetadata: { a: 'x'.repeat(256 * 1024) } } }, old: attachment({}), view: 'status', field: 'status.attachmentMetadata', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 262144 bytes' },
  { kind: volumeAttachment, object: { status: { attached: true, attachError: { message: 'x'.repeat(1025) } } }, old: attachment({}), view: 'status', field: 'status.attachError.message', reason: 'FieldValueTooLong', message: 'Too long: may not be more than 262144 bytes' },
  { kind: volumeAttachment, object: { status: { attached: true, detachError: { errorCode: -1 } } }, old: attachment({}), view: 'status', field: 'status.detachError.errorCode', reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be between 0 and 2147483647, inclusive' },
];

describe('an object of storage.k8s.io that is refused', () => {
  it.each(probes)('$kind at $field with $reason: $message', ({ field, reason, message, ...rest }) => {
    const refused = statusOf(rest);
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  it.each<[kind: string, object: object, old: object | undefined, reason: string]>([
    [csiDriver, { metadata: { name: `a${'.b'.repeat(40)}` }, spec: {} }, undefined, 'a name of more than 63 characters'],
    [csiDriver, driver({ tokenRequests: [{ audience: 'a', expirationSeconds: 2 ** 32 }], serviceAccountTokenInSecrets: true, nodeAllocatableUpdatePeriodSeconds: 10 }), undefined, 'bounds'],
    [csiDriver, driver({ podInfoOnMount: true, storageCapacity: true, fsGroupPolicy: 'File' }), driver({}), 'what may change'],
    [csiNode, node({ name: 'd', nodeID: 'n', allocatable: { count: 2 } }), node({ name: 'd', nodeID: 'n', allocatable: { count: 1 } }), 'a count may change'],
    [volumeAttachment, attachment({}), attachment({}), 'nothing changes'],
  ])('is not %s %j from %j: %s', (kind, object, old) => {
    expect(statusOf({ kind, object, ...(old ? { old } : {}) })).toBeUndefined();
  });
});
