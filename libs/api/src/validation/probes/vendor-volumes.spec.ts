import { type Probe, statusOf } from './probe';

const pod = (source: object): object => ({ spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', ...source }] } });
const iqn = 'iqn.2015-02.example.com:test';
const iscsi = (parts: object): object => pod({ iscsi: { targetPortal: '127.0.0.1', iqn, ...parts } });

type Row = readonly [object: object, field: string, reason: Probe['reason'], message: string];

const rows: readonly Row[] = [
  [iscsi({ targetPortal: '' }), 'iscsi.targetPortal', 'FieldValueRequired', 'Required value'],
  [iscsi({ iqn: 'odd' }), 'iscsi.iqn', 'FieldValueInvalid', 'Invalid value: "odd": must be valid format starting with iqn, eui, or naa'],
  [iscsi({ iqn: 'iqn.2015.a:b' }), 'iscsi.iqn', 'FieldValueInvalid', 'Invalid value: "iqn.2015.a:b": must be valid format'],
  [iscsi({ iqn: 'eui.012' }), 'iscsi.iqn', 'FieldValueInvalid', 'Invalid value: "eui.012": must be valid format'],
  [iscsi({ lun: 256 }), 'iscsi.lun', 'FieldValueInvalid', 'Invalid value: 256: must be between 0 and 255, inclusive'],
  [iscsi({ chapAuthSession: true }), 'iscsi.secretRef', 'FieldValueRequired', 'Required value'],
  [iscsi({ secretRef: {} }), 'iscsi.secretRef.name', 'FieldValueRequired', 'Required value'],
  [iscsi({ initiatorName: 'naa.1' }), 'iscsi.initiatorname', 'FieldValueInvalid', 'Invalid value: "naa.1": must be valid format'],
  [pod({ fc: {} }), 'fc.targetWWNs', 'FieldValueRequired', 'Required value: must specify either targetWWNs or wwids, but not both'],
  [pod({ fc: { targetWWNs: ['w'], wwids: ['i'], lun: 1 } }), 'fc.targetWWNs', 'FieldValueInvalid', 'Invalid value: ["w"]: targetWWNs and wwids can not be specified simultaneously'],
  [pod({ fc: { targetWWNs: ['w'] } }), 'fc.lun', 'FieldValueRequired', 'Required value: lun is required if targetWWNs is specified'],
  [pod({ fc: { targetWWNs: ['w'], lun: -1 } }), 'fc.lun', 'FieldValueInvalid', 'Invalid value: -1: must be between 0 and 255, inclusive'],
  [pod({ flocker: {} }), 'flocker', 'FieldValueRequired', 'Required value: one of datasetName and datasetUUID is required'],
  [pod({ flocker: { datasetName: 'a', datasetUUID: 'b' } }), 'flocker', 'FieldValueInvalid', 'Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously'],
  [pod({ flocker: { datasetName: 'a/b' } }), 'flocker.datasetName', 'FieldValueInvalid', `Invalid value: "a/b": must not contain '/'`],
  [pod({ gcePersistentDisk: { pdName: 'd', partition: 256 } }), 'gcePersistentDisk.partition', 'FieldValueInvalid', 'Invalid value: 256: must be between 1 and 255, inclusive'],
  [pod({ awsElasticBlockStore: { volumeID: 'd', partition: -1 } }), 'awsElasticBlockStore.partition', 'FieldValueInvalid', 'Invalid value: -1: must be between 1 and 255, inclusive'],
  [pod({ azureDisk: { diskName: 'd', diskURI: 'https://x', cachingMode: 'Odd', kind: 'Shared' } }), 'azureDisk.cachingMode', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "None", "ReadOnly", "ReadWrite"'],
  [pod({ azureDisk: { diskName: 'd', diskURI: 'https://x', kind: 'Odd' } }), 'azureDisk.kind', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "Dedicated", "Managed", "Shared"'],
  [pod({ azureDisk: { diskName: 'd', diskURI: 'https://x', kind: 'Managed' } }), 'azureDisk.diskURI', 'FieldValueNotSupported', 'Unsupported value: "https://x": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"'],
  [pod({ azureDisk: { diskName: 'd', diskURI: '/subscriptions/x', kind: 'Shared' } }), 'azureDisk.diskURI', 'FieldValueNotSupported', 'Unsupported value: "/subscriptions/x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"'],
  [pod({ azureFile: { shareName: 's' } }), 'azureFile.secretName', 'FieldValueRequired', 'Required value'],
  [pod({ vsphereVolume: {} }), 'vsphereVolume.volumePath', 'FieldValueRequired', 'Required value'],
  [pod({ portworxVolume: {} }), 'portworxVolume.volumeID', 'FieldValueRequired', 'Required value'],
  [pod({ quobyte: { volume: 'v' } }), 'quobyte.registry', 'FieldValueRequired', 'Required value: must be a host:port pair or multiple pairs separated by commas'],
  [pod({ quobyte: { volume: 'v', registry: 'host:1,host' } }), 'quobyte.registry', 'FieldValueInvalid', 'Invalid value: "host:1,host": must be a host:port pair or multiple pairs separated by commas'],
  [pod({ quobyte: { volume: 'v', registry: 'host:1', tenant: 't'.repeat(65) } }), 'quobyte.tenant', 'FieldValueRequired', 'Required value: must be a UUID and may not exceed a length of 64 characters'],
  [pod({ quobyte: { registry: 'host:1' } }), 'quobyte.volume', 'FieldValueRequired', 'Required value'],
  [pod({ scaleIO: { system: 's', volumeName: 'v' } }), 'scaleIO.gateway', 'FieldValueRequired', 'Required value'],
  [pod({ cephfs: { monitors: [] } }), 'cephfs.monitors', 'FieldValueRequired', 'Required value'],
  [pod({ rbd: { monitors: ['m'] } }), 'rbd.image', 'FieldValueRequired', 'Required value'],
  [pod({ cinder: { volumeID: 'v', secretRef: {} } }), 'cinder.secretRef.name', 'FieldValueRequired', 'Required value'],
  [pod({ flexVolume: { driver: 'd', options: { 'x.KUBERNETES.io/a': 'b' } } }), 'flexVolume.options[x.KUBERNETES.io/a]', 'FieldValueInvalid', 'Invalid value: "x.KUBERNETES.io/a": kubernetes.io and k8s.io namespaces are reserved'],
  [pod({ storageos: {} }), 'storageos.volumeName', 'FieldValueRequired', 'Required value'],
  [pod({ storageos: { volumeName: 'v', secretRef: {} } }), 'storageos.secretRef.name', 'FieldValueRequired', 'Required value'],
];

describe('a volume of a vendor that is refused', () => {
  it.each(rows)('%j at spec.volumes[0].%s with %s: %s', (object, field, reason, message) => {
    const refused = statusOf({ kind: '/Pod', object });
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field: `spec.volumes[0].${field}`, reason, message });
  });

  it.each<[object]>([
    [iscsi({ lun: 255, initiatorName: iqn, chapAuthSession: true, secretRef: { name: 's' } })],
    [iscsi({ iqn: 'eui.0123456789ABCDEF' })],
    [iscsi({ iqn: `naa.${'62004567BA64678D'.repeat(2)}` })],
    [pod({ fc: { targetWWNs: ['w'], lun: 0 } })],
    [pod({ fc: { wwids: ['i'] } })],
    [pod({ flocker: { datasetUUID: 'b' } })],
    [pod({ gcePersistentDisk: { pdName: 'd', partition: 0 } })],
    [pod({ azureDisk: { diskName: 'd', diskURI: '/subscriptions/x', kind: 'Managed' } })],
    [pod({ quobyte: { volume: 'v', registry: 'host:1,[::1]:2', tenant: 't'.repeat(64) } })],
    [pod({ flexVolume: { driver: 'd', options: { 'example.com/a': 'b', notk8s: 'c' } } })],
  ])('is not %j', (object) => {
    expect(statusOf({ kind: '/Pod', object })).toBeUndefined();
  });
});
