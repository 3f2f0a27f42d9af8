import { dns1123LabelMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { dnsLabel, type Findings, present, refuse, sorted } from '../../validation/rules';
import { noBacksteps } from '../pod/validation/paths';
import { isHostPort } from './host-port';
import { validateIscsi } from './iscsi';
import { validateNumber } from './number-range';
import { type VolumeOwner } from './volume-owner';

// What pods and PersistentVolumes can both be given. Mirrors pkg/apis/core/validation/validation.go.

type Spec = Loose<corev1.PersistentVolumeSpec>;
type Source<K extends keyof Spec> = NonNullable<Spec[K]>;
type Rule<K extends keyof Spec> = (source: Source<K>, owner: VolumeOwner, path: FieldPath, found: Findings) => void;

const hostPathTypes = ['', ...sorted(['DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'])];
const cachingModes = sorted(['None', 'ReadOnly', 'ReadWrite']);
const diskKinds = sorted(['Shared', 'Dedicated', 'Managed']);
const managedDisk = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
const registryDetail = 'must be a host:port pair or multiple pairs separated by commas';
const maxTenant = 64;

/** Fields without which a source says nothing. */
const needs = (...names: readonly string[]) => (source: object, path: FieldPath, found: Findings): void => {
  for (const name of names) {
    const value = (source as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) found.push(fieldErrors.required(path.child(name)));
  }
};
const onlyNeeds = (...names: readonly string[]) => (source: object, _owner: VolumeOwner, path: FieldPath, found: Findings): void => {
  needs(...names)(source, path, found);
};

/** Of a PersistentVolume, a reference says the namespace too. */
function validateSecret(secret: Loose<corev1.SecretReference> | undefined, owner: VolumeOwner, path: FieldPath, found: Findings): void {
  if (!secret) return;
  present(secret.name, path.child('name'), found);
  if (owner.kind === 'volume') present(secret.namespace, path.child('namespace'), found);
}

const hostPath: Rule<'hostPath'> = ({ path: text, type = '' }, _owner, path, found) => {
  if (!present(text, path.child('path'), found)) return;
  noBacksteps(text, path.child('path'), found);
  if (!hostPathTypes.includes(type)) found.push(fieldErrors.notSupported(path.child('type'), type, hostPathTypes));
};

const nfs: Rule<'nfs'> = ({ server, path: text = '' }, _owner, path, found) => {
  present(server, path.child('server'), found);
  present(text, path.child('path'), found);
  if (!text.startsWith('/')) found.push(fieldErrors.invalid(path.child('path'), text, 'must be an absolute path'));
};

const fc: Rule<'fc'> = ({ targetWWNs, wwids, lun }, _owner, path, found) => {
  const targets = list(targetWWNs);
  const at = path.child('targetWWNs');
  if (targets.length === 0 && list(wwids).length === 0) found.push(fieldErrors.required(at, 'must specify either targetWWNs or wwids, but not both'));
  if (targets.length === 0) return;
  if (list(wwids).length > 0) found.push(fieldErrors.invalid(at, targets, 'targetWWNs and wwids can not be specified simultaneously'));
  if (lun === undefined) found.push(fieldErrors.required(path.child('lun'), 'lun is required if targetWWNs is specified'));
  else validateNumber(lun, 0, path.child('lun'), found);
};

const flocker: Rule<'flocker'> = ({ datasetName = '', datasetUUID = '' }, _owner, path, found) => {
  if (datasetName === '' && datasetUUID === '') found.push(fieldErrors.required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName !== '' && datasetUUID !== '') found.push(fieldErrors.invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (datasetName.includes('/')) found.push(fieldErrors.invalid(path.child('datasetName'), datasetName, "must not contain '/'"));
};

// No partition is 0, which upstream's text does not count.
const gcePersistentDisk: Rule<'gcePersistentDisk'> = (source, _owner, path, found) => {
  needs('pdName')(source, path, found);
  validateNumber(source.partition ?? 0, 1, path.child('partition'), found);
};

const awsElasticBlockStore: Rule<'awsElasticBlockStore'> = (source, _owner, path, found) => {
  needs('volumeID')(source, path, found);
  validateNumber(source.partition ?? 0, 1, path.child('partition'), found);
};

const glusterfs: Rule<'glusterfs'> = (source, _owner, path, found) => {
  needs('endpoints', 'path')(source, path, found);
  const { endpointsNamespace: namespace } = source;
  const at = path.child('endpointsNamespace');
  if (namespace === '') found.push(fieldErrors.invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'));
  else if (namespace !== undefined) refuse(dns1123LabelMessages(namespace), namespace, at, found);
};

const quobyte: Rule<'quobyte'> = ({ registry, tenant = '', volume }, _owner, path, found) => {
  if (present(registry, path.child('registry'), found, registryDetail)) {
    if (tenant.length > maxTenant) found.push(fieldErrors.required(path.child('tenant'), `must be a UUID and may not exceed a length of ${maxTenant} characters`));
    else for (const pair of registry.split(',')) if (!isHostPort(pair)) found.push(fieldErrors.invalid(path.child('registry'), registry, registryDetail));
  }
  present(volume, path.child('volume'), found);
};

const cinder: Rule<'cinder'> = ({ volumeID, secretRef }, owner, path, found) => {
  present(volumeID, path.child('volumeID'), found);
  validateSecret(secretRef, owner, path.child('secretRef'), found);
};

/** Options of the cluster's own are not for users to set. */
const flexVolume: Rule<'flexVolume'> = ({ driver, options }, _owner, path, found) => {
  present(driver, path.child('driver'), found);
  for (const [key] of entries(options)) {
    const slash = key.indexOf('/');
    const domain = `.${(slash < 0 ? key : key.slice(0, slash)).toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) found.push(fieldErrors.invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved'));
  }
};

const azureFile: Rule<'azureFile'> = (source, _owner, path, found) => {
  needs('secretName', 'shareName')(source, path, found);
  if (source.secretNamespace === '') found.push(fieldErrors.required(path.child('secretNamespace')));
};

const azureDisk: Rule<'azureDisk'> = (source, _owner, path, found) => {
  needs('diskName', 'diskURI')(source, path, found);
  const { cachingMode, kind, diskURI = '' } = source;
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) found.push(fieldErrors.notSupported(path.child('cachingMode'), cachingMode, cachingModes));
  if (kind === undefined) return;
  if (!diskKinds.includes(kind)) found.push(fieldErrors.notSupported(path.child('kind'), kind, diskKinds));
  const [start, form] = kind === 'Managed' ? (['/subscriptions/', managedDisk] as const) : (['https://', blobDisk] as const);
  if (!diskURI.startsWith(start)) found.push(fieldErrors.notSupported(path.child('diskURI'), diskURI, [form]));
};

const storageos: Rule<'storageos'> = ({ volumeName, volumeNamespace, secretRef }, owner, path, found) => {
  if (present(volumeName, path.child('volumeName'), found)) dnsLabel(volumeName, path.child('volumeName'), found);
  if (volumeNamespace) dnsLabel(volumeNamespace, path.child('volumeNamespace'), found);
  validateSecret(secretRef, owner, path.child('secretRef'), found);
};

const rules: { readonly [K in keyof Spec]?: Rule<K> } = {
  awsElasticBlockStore,
  azureDisk,
  azureFile,
  cephfs: onlyNeeds('monitors'),
  cinder,
  fc,
  flexVolume,
  flocker,
  gcePersistentDisk,
  glusterfs,
  hostPath,
  iscsi: validateIscsi,
  nfs,
  photonPersistentDisk: onlyNeeds('pdID'),
  portworxVolume: onlyNeeds('volumeID'),
  quobyte,
  rbd: onlyNeeds('monitors', 'image'),
  scaleIO: onlyNeeds('gateway', 'system', 'volumeName'),
  storageos,
  vsphereVolume: onlyNeeds('volumePath'),
};

/** Adds what is wrong with one source; kinds that only one of the two can have pass. */
export function validateSharedSource(kind: string, source: unknown, owner: VolumeOwner, path: FieldPath, found: Findings): void {
  const rule = rules[kind as keyof Spec] as ((source: unknown, owner: VolumeOwner, path: FieldPath, found: Findings) => void) | undefined;
  rule?.(source, owner, path, found);
}
