import { type Probe, statusOf } from './probe';

const base = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } };
const volume = (source: object): object => ({ metadata: { name: 'v' }, spec: { ...base, ...source } });
const iscsi = (parts: object): object => volume({ iscsi: { targetPortal: '127.0.0.1', iqn: 'iqn.2015-02.example.com:test', ...parts } });
const csi = (parts: object): object => volume({ csi: { driver: 'csi.example.com', volumeHandle: 'h', ...parts } });
const dnsSubdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

type Row = readonly [object: object, field: string, reason: Probe['reason'], message: string];
const missing = (source: object, field: string): Row => [volume(source), field, 'FieldValueRequired', 'Required value'];

const rows: readonly Row[] = [
  [volume({}), 'spec', 'FieldValueRequired', 'Required value: must specify a volume type'],
  [volume({ hostPath: { path: '/a' }, nfs: { server: 's', path: '/p' } }), 'spec.nfs', 'FieldValueForbidden', 'Forbidden: may not specify more than 1 volume type'],
  [volume({ hostPath: { path: '/a/../b' } }), 'spec.hostPath.path', 'FieldValueInvalid', 'Invalid value: "/a/../b": must not contain \'..\''],
  [volume({ local: { path: '/a' } }), 'spec.nodeAffinity', 'FieldValueRequired', 'Required value: Local volume requires node affinity'],
  [volume({ local: { path: '../a' } }), 'spec.local.path', 'FieldValueInvalid', 'Invalid value: "../a": must not contain \'..\''],
  [volume({ nfs: { server: 's', path: 'p' } }), 'spec.nfs.path', 'FieldValueInvalid', 'Invalid value: "p": must be an absolute path'],
  missing({ awsElasticBlockStore: {} }, 'spec.awsElasticBlockStore.volumeID'),
  [volume({ awsElasticBlockStore: { volumeID: 'v', partition: 256 } }), 'spec.awsElasticBlockStore.partition', 'FieldValueInvalid', 'Invalid value: 256: must be between 1 and 255, inclusive'],
  missing({ gcePersistentDisk: {} }, 'spec.gcePersistentDisk.pdName'),
  missing({ photonPersistentDisk: {} }, 'spec.photonPersistentDisk.pdID'),
  missing({ portworxVolume: {} }, 'spec.portworxVolume.volumeID'),
  missing({ vsphereVolume: {} }, 'spec.vsphereVolume.volumePath'),
  missing({ cephfs: {} }, 'spec.cephfs.monitors'),
  missing({ rbd: { image: 'i' } }, 'spec.rbd.monitors'),
  missing({ scaleIO: { gateway: 'g', system: 's' } }, 'spec.scaleIO.volumeName'),
  missing({ flexVolume: {} }, 'spec.flexVolume.driver'),
  missing({ azureFile: { secretName: 's' } }, 'spec.azureFile.shareName'),
  missing({ azureFile: { secretName: 's', shareName: 's', secretNamespace: '' } }, 'spec.azureFile.secretNamespace'),
  missing({ azureDisk: { diskURI: 'https://x' } }, 'spec.azureDisk.diskName'),
  missing({ cinder: { volumeID: 'v', secretRef: { name: 's' } } }, 'spec.cinder.secretRef.namespace'),
  missing({ storageos: { volumeName: 'v', secretRef: { namespace: 's' } } }, 'spec.storageos.secretRef.name'),
  missing({ glusterfs: { endpoints: 'e' } }, 'spec.glusterfs.path'),
  [volume({ glusterfs: { endpoints: 'e', path: 'p', endpointsNamespace: '' } }), 'spec.glusterfs.endpointsNamespace', 'FieldValueInvalid', 'Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name'],
  [volume({ quobyte: { volume: 'v', registry: 'host' } }), 'spec.quobyte.registry', 'FieldValueInvalid', 'Invalid value: "host": must be a host:port pair or multiple pairs separated by commas'],
  [volume({ fc: { targetWWNs: ['w'] } }), 'spec.fc.lun', 'FieldValueRequired', 'Required value: lun is required if targetWWNs is specified'],
  [iscsi({ targetPortal: 'p'.repeat(63), initiatorName: 'iqn.2015-02.example.com:i' }), 'spec.iscsi.targetPortal', 'FieldValueInvalid', `Invalid value: "${'p'.repeat(63)}": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.`],
  missing({ csi: { driver: 'd' } }, 'spec.csi.volumeHandle'),
  [csi({ driver: 'odd_driver' }), 'spec.csi.driver', 'FieldValueInvalid', `Invalid value: "odd_driver": ${dnsSubdomain}`],
  [csi({ driver: 'd'.repeat(64) }), 'spec.csi.driver', 'FieldValueTooLong', 'Too long: may not be more than 63 bytes'],
  ...['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'].map((ref): Row => [csi({ [ref]: { name: 's' } }), `spec.csi.${ref}.namespace`, 'FieldValueRequired', 'Required value']),
];

describe('a PersistentVolume whose storage is refused', () => {
  it.each(rows)('%j at %s with %s: %s', (object, field, reason, message) => {
    const refused = statusOf({ kind: '/PersistentVolume', object });
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  it.each<[object]>([
    [iscsi({ targetPortal: 'p'.repeat(62), initiatorName: 'iqn.2015-02.example.com:i' })],
    [csi({ nodeStageSecretRef: { name: 's' }, nodePublishSecretRef: { name: 's', namespace: 'n' } })],
    [volume({ cinder: { volumeID: 'v', secretRef: { name: 's', namespace: 'n' } } })],
    [volume({ glusterfs: { endpoints: 'e', path: 'p', endpointsNamespace: 'n' } })],
    [volume({ azureFile: { secretName: 's', shareName: 's', secretNamespace: 'n' } })],
  ])('is not %j', (object) => {
    expect(statusOf({ kind: '/PersistentVolume', object })).toBeUndefined();
  });
});

describe("a pod's own volume in a VolumeAttachment", () => {
  const attachment = (inlineVolumeSpec: object): object => ({ spec: { attacher: 'csi.example.com', nodeName: 'n', source: { inlineVolumeSpec } } });
  const own = { accessModes: ['ReadWriteOnce'], csi: { driver: 'csi.example.com', volumeHandle: 'h' } };
  const outside = 'Forbidden: may not be specified in the context of inline volumes';

  it.each<readonly [spec: object, field: string, reason: Probe['reason'], message: string]>([
    [{ ...own, capacity: { storage: '1Gi' } }, 'capacity', 'FieldValueForbidden', outside],
    [{ ...own, claimRef: { name: 'c' } }, 'claimRef', 'FieldValueForbidden', outside],
    [{ ...own, persistentVolumeReclaimPolicy: 'Delete' }, 'persistentVolumeReclaimPolicy', 'FieldValueForbidden', outside],
    [{ ...own, storageClassName: 's' }, 'storageClassName', 'FieldValueForbidden', outside],
    [{ ...own, volumeMode: 'Block' }, 'volumeMode', 'FieldValueForbidden', outside],
    [{ accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' } }, 'csi', 'FieldValueRequired', 'Required value: has to be specified in the context of inline volumes'],
    [{ csi: own.csi }, 'accessModes', 'FieldValueRequired', 'Required value'],
    [{ ...own, csi: { driver: 'd' } }, 'csi.volumeHandle', 'FieldValueRequired', 'Required value'],
  ])('is refused: %j at %s', (spec, field, reason, message) => {
    expect(statusOf({ kind: 'storage.k8s.io/VolumeAttachment', object: attachment(spec) })?.causes).toContainEqual({ field: `spec.source.inlineVolumeSpec.${field}`, reason, message });
  });

  it('is taken when only its driver is named', () => {
    expect(statusOf({ kind: 'storage.k8s.io/VolumeAttachment', object: attachment(own) })).toBeUndefined();
  });
});
