import { type Probe, statusOf } from './probe';

const pod = (source: object): object => ({ spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', ...source }] } });
const onNode = (key: string): object => ({ required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] } });
const volumeSpec = (source: object): object => ({ accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...source });
const volume = (source: object): object => ({ spec: volumeSpec(source) });
const attachment = (spec: object): object => ({ spec: { attacher: 'a.b', nodeName: 'n', source: { inlineVolumeSpec: spec } } });

const iqn = 'iqn.2015-02.example.com:test';
const iscsi = (parts: object): object => ({ iscsi: { targetPortal: '127.0.0.1', iqn, ...parts } });
const quobyte = (parts: object): object => ({ quobyte: { registry: 'r:7861', volume: 'v', ...parts } });
const azureDisk = (parts: object): object => ({ azureDisk: { diskName: 'd', diskURI: 'https://a.blob.core.windows.net/c/d.vhd', ...parts } });
const azureFile = (parts: object): object => ({ azureFile: { secretName: 's', shareName: 's', ...parts } });
const flex = (options: object): object => ({ flexVolume: { driver: 'a/b', options } });
const driver = (parts: object): object => ({ csi: { driver: 'd.example.com', volumeHandle: 'h', ...parts } });
const glusterfs = (parts: object): object => ({ glusterfs: { endpoints: 'e', path: 'p', ...parts } });
const projected = (...sources: object[]): object => ({ projected: { sources } });

const label = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`;
const subdomain = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
const registryDetail = 'must be a host:port pair or multiple pairs separated by commas';
const tooLong = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
const inline = 'in the context of inline volumes';

type Row = readonly [source: object, field: string, reason: Probe['reason'], message: string];

/** Refused in a pod and of a PersistentVolume alike. */
const both: readonly Row[] = [
  [{ nfs: { server: 's', path: '/' }, hostPath: { path: '/a' } }, 'nfs', 'FieldValueForbidden', 'Forbidden: may not specify more than 1 volume type'],
  [{ cephfs: { monitors: ['m'] }, hostPath: { path: '/a' } }, 'cephFS', 'FieldValueForbidden', 'Forbidden: may not specify more than 1 volume type'],
  [{ hostPath: { path: '' } }, 'hostPath.path', 'FieldValueRequired', 'Required value'],
  [{ hostPath: { path: '/a/../b' } }, 'hostPath.path', 'FieldValueInvalid', `Invalid value: "/a/../b": must not contain '..'`],
  [{ hostPath: { path: '/a', type: 'Odd' } }, 'hostPath.type', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"'],
  [{ nfs: { server: '', path: '/a' } }, 'nfs.server', 'FieldValueRequired', 'Required value'],
  [{ nfs: { server: 's', path: 'a' } }, 'nfs.path', 'FieldValueInvalid', 'Invalid value: "a": must be an absolute path'],
  [{ nfs: { server: 's', path: '' } }, 'nfs.path', 'FieldValueInvalid', 'Invalid value: "": must be an absolute path'],
  [iscsi({ targetPortal: '' }), 'iscsi.targetPortal', 'FieldValueRequired', 'Required value'],
  [iscsi({ iqn: '' }), 'iscsi.iqn', 'FieldValueRequired', 'Required value'],
  [iscsi({ iqn: 'iqn.2015.a:b' }), 'iscsi.iqn', 'FieldValueInvalid', 'Invalid value: "iqn.2015.a:b": must be valid format'],
  [iscsi({ iqn: 'eui.012' }), 'iscsi.iqn', 'FieldValueInvalid', 'Invalid value: "eui.012": must be valid format'],
  [iscsi({ lun: 256 }), 'iscsi.lun', 'FieldValueInvalid', 'Invalid value: 256: must be between 0 and 255, inclusive'],
  [iscsi({ chapAuthSession: true }), 'iscsi.secretRef', 'FieldValueRequired', 'Required value'],
  [iscsi({ initiatorName: 'naa.1' }), 'iscsi.initiatorname', 'FieldValueInvalid', 'Invalid value: "naa.1": must be valid format'],
  [{ fc: {} }, 'fc.targetWWNs', 'FieldValueRequired', 'Required value: must specify either targetWWNs or wwids, but not both'],
  [{ fc: { targetWWNs: ['w'], wwids: ['i'], lun: 1 } }, 'fc.targetWWNs', 'FieldValueInvalid', 'Invalid value: ["w"]: targetWWNs and wwids can not be specified simultaneously'],
  [{ fc: { targetWWNs: ['w'] } }, 'fc.lun', 'FieldValueRequired', 'Required value: lun is required if targetWWNs is specified'],
  [{ fc: { targetWWNs: ['w'], lun: -1 } }, 'fc.lun', 'FieldValueInvalid', 'Invalid value: -1: must be between 0 and 255, inclusive'],
  [{ flocker: {} }, 'flocker', 'FieldValueRequired', 'Required value: one of datasetName and datasetUUID is required'],
  [{ flocker: { datasetName: 'a', datasetUUID: 'b' } }, 'flocker', 'FieldValueInvalid', 'Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously'],
  [{ flocker: { datasetName: 'a/b' } }, 'flocker.datasetName', 'FieldValueInvalid', `Invalid value: "a/b": must not contain '/'`],
  [{ gcePersistentDisk: { pdName: '' } }, 'persistentDisk.pdName', 'FieldValueRequired', 'Required value'],
  [{ gcePersistentDisk: { pdName: 'd', partition: 256 } }, 'persistentDisk.partition', 'FieldValueInvalid', 'Invalid value: 256: must be between 1 and 255, inclusive'],
  [{ awsElasticBlockStore: { volumeID: '' } }, 'awsElasticBlockStore.volumeID', 'FieldValueRequired', 'Required value'],
  [{ awsElasticBlockStore: { volumeID: 'd', partition: -1 } }, 'awsElasticBlockStore.partition', 'FieldValueInvalid', 'Invalid value: -1: must be between 1 and 255, inclusive'],
  [{ rbd: { monitors: [], image: 'i' } }, 'rbd.monitors', 'FieldValueRequired', 'Required value'],
  [{ rbd: { monitors: ['m'], image: '' } }, 'rbd.image', 'FieldValueRequired', 'Required value'],
  [{ cephfs: { monitors: [] } }, 'cephfs.monitors', 'FieldValueRequired', 'Required value'],
  [glusterfs({ endpoints: '' }), 'glusterfs.endpoints', 'FieldValueRequired', 'Required value'],
  [glusterfs({ path: '' }), 'glusterfs.path', 'FieldValueRequired', 'Required value'],
  [quobyte({ registry: '' }), 'quobyte.registry', 'FieldValueRequired', `Required value: ${registryDetail}`],
  [quobyte({ registry: 'r:1,s' }), 'quobyte.registry', 'FieldValueInvalid', `Invalid value: "r:1,s": ${registryDetail}`],
  [quobyte({ tenant: 't'.repeat(65) }), 'quobyte.tenant', 'FieldValueRequired', 'Required value: must be a UUID and may not exceed a length of 64 characters'],
  [quobyte({ volume: '' }), 'quobyte.volume', 'FieldValueRequired', 'Required value'],
  [{ portworxVolume: { volumeID: '' } }, 'portworxVolume.volumeID', 'FieldValueRequired', 'Required value'],
  [{ photonPersistentDisk: { pdID: '' } }, 'photonPersistentDisk.pdID', 'FieldValueRequired', 'Required value'],
  [{ vsphereVolume: { volumePath: '' } }, 'vsphereVolume.volumePath', 'FieldValueRequired', 'Required value'],
  [{ scaleIO: { gateway: '', system: 's', volumeName: 'v', secretRef: { name: 's' } } }, 'scaleIO.gateway', 'FieldValueRequired', 'Required value'],
  [{ cinder: { volumeID: '' } }, 'cinder.volumeID', 'FieldValueRequired', 'Required value'],
  [{ cinder: { volumeID: 'v', secretRef: {} } }, 'cinder.secretRef.name', 'FieldValueRequired', 'Required value'],
  [{ storageos: {} }, 'storageos.volumeName', 'FieldValueRequired', 'Required value'],
  [{ storageos: { volumeName: 'A' } }, 'storageos.volumeName', 'FieldValueInvalid', `Invalid value: "A": ${label}`],
  [{ storageos: { volumeName: 'a', volumeNamespace: 'B' } }, 'storageos.volumeNamespace', 'FieldValueInvalid', `Invalid value: "B": ${label}`],
  [{ storageos: { volumeName: 'a', secretRef: {} } }, 'storageos.secretRef.name', 'FieldValueRequired', 'Required value'],
  [{ flexVolume: { driver: '' } }, 'flexVolume.driver', 'FieldValueRequired', 'Required value'],
  [flex({ 'a.k8s.io/b': 'c' }), 'flexVolume.options[a.k8s.io/b]', 'FieldValueInvalid', 'Invalid value: "a.k8s.io/b": kubernetes.io and k8s.io namespaces are reserved'],
  [azureFile({ secretName: '' }), 'azureFile.secretName', 'FieldValueRequired', 'Required value'],
  [azureFile({ shareName: '' }), 'azureFile.shareName', 'FieldValueRequired', 'Required value'],
  [azureDisk({ diskName: '' }), 'azureDisk.diskName', 'FieldValueRequired', 'Required value'],
  [azureDisk({ cachingMode: 'Odd' }), 'azureDisk.cachingMode', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "None", "ReadOnly", "ReadWrite"'],
  [azureDisk({ kind: 'Odd' }), 'azureDisk.kind', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "Dedicated", "Managed", "Shared"'],
  [azureDisk({ kind: 'Managed' }), 'azureDisk.diskURI', 'FieldValueNotSupported', 'Unsupported value: "https://a.blob.core.windows.net/c/d.vhd": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"'],
  [azureDisk({ kind: 'Dedicated', diskURI: 'd' }), 'azureDisk.diskURI', 'FieldValueNotSupported', 'Unsupported value: "d": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"'],
  [driver({ driver: '' }), 'csi.driver', 'FieldValueRequired', 'Required value'],
  [driver({ driver: 'a_b' }), 'csi.driver', 'FieldValueInvalid', `Invalid value: "a_b": ${subdomain}`],
  [driver({ driver: 'd'.repeat(64) }), 'csi.driver', 'FieldValueTooLong', 'Too long: may not be more than 63 bytes'],
];

const podOnly: readonly Row[] = [
  [iscsi({ iqn: 'odd' }), 'iscsi.iqn', 'FieldValueInvalid', 'Invalid value: "odd": must be valid format starting with iqn, eui, or naa'],
  [iscsi({ targetPortal: '1'.repeat(63), initiatorName: iqn }), 'name', 'FieldValueInvalid', `Invalid value: "v": ${tooLong}`],
  [{ gitRepo: { repository: 'r', directory: '/a' } }, 'gitRepo.directory', 'FieldValueInvalid', 'Invalid value: "/a": must be a relative path'],
  [{ csi: { driver: 'd', nodePublishSecretRef: {} } }, 'csi.nodePublishSecretRef.name', 'FieldValueRequired', 'Required value'],
  [{ csi: { driver: 'd', nodePublishSecretRef: { name: 'A' } } }, 'csi.name', 'FieldValueInvalid', `Invalid value: "A": ${subdomain}`],
  [{ downwardAPI: { items: [{ path: 'a' }] } }, 'downwardAPI', 'FieldValueRequired', 'Required value: one of fieldRef and resourceFieldRef is required'],
  [projected({ secret: { name: 'a' }, configMap: { name: 'b' } }), 'projected.sources[0]', 'FieldValueForbidden', 'Forbidden: may not specify more than 1 volume type per source'],
  [projected({ secret: { name: 's', items: [{ key: 'k', path: 'p' }] } }, { configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } }), 'projected', 'FieldValueInvalid', 'Invalid value: "c": conflicting duplicate paths'],
  [projected({ serviceAccountToken: { path: '../a' } }), 'projected.path', 'FieldValueInvalid', `Invalid value: "../a": must not contain '..'`],
];

const volumeOnly: readonly Row[] = [
  [{}, '', 'FieldValueRequired', 'Required value: must specify a volume type'],
  [iscsi({ iqn: 'odd' }), 'iscsi.iqn', 'FieldValueInvalid', 'Invalid value: "odd": must be valid format'],
  [iscsi({ secretRef: {} }), 'iscsi.secretRef.name', 'FieldValueRequired', 'Required value'],
  [iscsi({ targetPortal: '1'.repeat(63), initiatorName: iqn }), 'iscsi.targetportal', 'FieldValueInvalid', `Invalid value: "${'1'.repeat(63)}": ${tooLong}`],
  [glusterfs({ endpointsNamespace: '' }), 'glusterfs.endpointsNamespace', 'FieldValueInvalid', 'Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name'],
  [azureFile({ secretNamespace: '' }), 'azureFile.secretNamespace', 'FieldValueRequired', 'Required value'],
  [{ cinder: { volumeID: 'v', secretRef: { name: 's' } } }, 'cinder.secretRef.namespace', 'FieldValueRequired', 'Required value'],
  [{ local: { path: '/a' } }, 'nodeAffinity', 'FieldValueRequired', 'Required value: Local volume requires node affinity'],
  [{ local: { path: '' }, nodeAffinity: onNode('a') }, 'local.path', 'FieldValueRequired', 'Required value'],
  [{ local: { path: '/a/..' }, nodeAffinity: onNode('a') }, 'local.path', 'FieldValueInvalid', `Invalid value: "/a/..": must not contain '..'`],
  [driver({ volumeHandle: '' }), 'csi.volumeHandle', 'FieldValueRequired', 'Required value'],
  ...['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'].map((ref): Row => [driver({ [ref]: { name: 's' } }), `csi.${ref}.namespace`, 'FieldValueRequired', 'Required value']),
  [driver({ nodeExpandSecretRef: { name: 's', namespace: 'A' } }), 'csi.nodeExpandSecretRef.namespace', 'FieldValueInvalid', `Invalid value: "A": ${label}`],
];

const inlineRows: readonly Row[] = [
  [volumeSpec(driver({})), 'capacity', 'FieldValueForbidden', `Forbidden: may not be specified ${inline}`],
  [{ ...driver({}), claimRef: { name: 'a' } }, 'claimRef', 'FieldValueForbidden', `Forbidden: may not be specified ${inline}`],
  [{ ...driver({}), nodeAffinity: onNode('a') }, 'nodeAffinity', 'FieldValueForbidden', `Forbidden: may not be specified ${inline}`],
  [{ ...driver({}), storageClassName: 'a' }, 'storageClassName', 'FieldValueForbidden', `Forbidden: may not be specified ${inline}`],
  [{ hostPath: { path: '/a' } }, 'csi', 'FieldValueRequired', `Required value: has to be specified ${inline}`],
  [{ ...driver({}), persistentVolumeReclaimPolicy: 'Delete' }, 'persistentVolumeReclaimPolicy', 'FieldValueForbidden', `Forbidden: may only be Retain ${inline}`],
  [{ ...driver({}), volumeMode: 'Block' }, 'volumeMode', 'FieldValueForbidden', `Forbidden: may not specify volumeMode other than Filesystem ${inline}`],
  [driver({}), 'accessModes', 'FieldValueRequired', 'Required value'],
  [{ ...driver({ volumeHandle: '' }), accessModes: ['ReadWriteOnce'] }, 'csi.volumeHandle', 'FieldValueRequired', 'Required value'],
];

function expectRefused(kind: string, object: object, field: string, reason: string, message: string): void {
  const refused = statusOf({ kind, object });
  expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(refused?.causes).toContainEqual({ field, reason, message });
}

const at = (root: string, field: string): string => (field === '' ? root : `${root}.${field}`);

describe('a source of a volume that is refused', () => {
  it.each([...both, ...podOnly])('%j in a pod at %s with %s: %s', (source, field, reason, message) => {
    expectRefused('/Pod', pod(source), at('spec.volumes[0]', field), reason, message);
  });

  it.each([...both, ...volumeOnly])('%j of a PersistentVolume at %s with %s: %s', (source, field, reason, message) => {
    expectRefused('/PersistentVolume', volume(source), at('spec', field), reason, message);
  });

  it.each(inlineRows)('%j of an attachment at %s with %s: %s', (spec, field, reason, message) => {
    expectRefused('storage.k8s.io/VolumeAttachment', attachment(spec), at('spec.source.inlineVolumeSpec', field), reason, message);
  });

  it('is a claim that the pod makes itself', () => {
    const template = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
    const volumes = [{ name: 'v', ephemeral: { volumeClaimTemplate: template } }, { name: 'w', persistentVolumeClaim: { claimName: 'a-v' } }];
    const object = { spec: { containers: [{ name: 'c', image: 'i' }], volumes } };
    expectRefused('/Pod', object, 'spec.volumes[1].persistentVolumeClaim.claimName', 'FieldValueInvalid', 'Invalid value: "a-v": must not reference a PVC that gets created for an ephemeral volume');
  });

  it.each<[source: object]>([
    [iscsi({ lun: 255, initiatorName: iqn, chapAuthSession: true, secretRef: { name: 's' } })],
    [iscsi({ iqn: 'eui.0123456789ABCDEF' })],
    [iscsi({ iqn: `naa.${'62004567BA64678D'.repeat(2)}` })],
    [{ fc: { targetWWNs: ['w'], lun: 0 } }],
    [{ fc: { wwids: ['i'] } }],
    [driver({ nodeStageSecretRef: { name: 's' } })],
    [{ flocker: { datasetUUID: 'b' } }],
    [{ gcePersistentDisk: { pdName: 'd', partition: 0 } }],
    [quobyte({ registry: 'a:1,[::1]:2', tenant: 't'.repeat(64) })],
    [azureDisk({ kind: 'Managed', diskURI: '/subscriptions/a' })],
    [flex({ 'example.com/a': 'b', c: 'd' })],
    [{ storageos: { volumeName: 'a', volumeNamespace: 'b' } }],
    [driver({})],
  ])('is not %j', (source) => {
    expect(statusOf({ kind: '/Pod', object: pod(source) })).toBeUndefined();
    expect(statusOf({ kind: '/PersistentVolume', object: volume(source) })).toBeUndefined();
  });

  it('is not a volume of a driver for one attachment', () => {
    expect(statusOf({ kind: 'storage.k8s.io/VolumeAttachment', object: attachment({ ...driver({}), accessModes: ['ReadWriteOnce'], persistentVolumeReclaimPolicy: 'Retain' }) })).toBeUndefined();
  });
});

describe('a change of a PersistentVolume', () => {
  const secret = { name: 's', namespace: 'a' };

  it.each<[now: object, before: object, field: string, reason: string, message: string]>([
    [driver({ controllerExpandSecretRef: secret }), driver({ controllerExpandSecretRef: { ...secret, name: 't' } }), 'spec.persistentvolumesource', 'FieldValueForbidden', 'spec.persistentvolumesource is immutable after creation'],
    [{ ...driver({}), volumeMode: 'Block' }, driver({}), 'volumeMode', 'FieldValueInvalid', 'Invalid value: "Block": field is immutable'],
    [driver({}), { ...driver({}), volumeAttributesClassName: 'a' }, 'spec.volumeAttributesClassName', 'FieldValueForbidden', 'Forbidden: update from non-nil value to nil is forbidden'],
    [{ ...driver({}), nodeAffinity: onNode('beta.kubernetes.io/os') }, { ...driver({}), nodeAffinity: onNode('kubernetes.io/os') }, 'nodeAffinity', 'FieldValueInvalid', 'field is immutable, except for updating from beta label to GA'],
  ])('to %j from %j is refused at %s', (now, before, field, reason, message) => {
    const causes = statusOf({ kind: '/PersistentVolume', object: volume(now), old: volume(before) })?.causes;
    expect(causes).toContainEqual(expect.objectContaining({ field, reason, message: expect.stringContaining(message) as unknown }));
  });

  it.each<[now: object, before: object]>([
    [driver({ controllerExpandSecretRef: secret }), driver({})],
    [{ ...driver({}), nodeAffinity: onNode('kubernetes.io/os') }, { ...driver({}), nodeAffinity: onNode('beta.kubernetes.io/os') }],
    [{ ...driver({}), nodeAffinity: onNode('a') }, driver({})],
  ])('to %j from %j is taken', (now, before) => {
    expect(statusOf({ kind: '/PersistentVolume', object: volume(now), old: volume(before) })).toBeUndefined();
  });
});
