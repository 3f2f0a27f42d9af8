import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { dnsLabel, type Findings, present, sorted, supported } from '../../validation/rules';

// What sources of volumes of one vendor or protocol must keep to, in pods and in PersistentVolumes alike, beside the fields they
// cannot do without. Mirrors pkg/apis/core/validation/validation.go.

/** What both have of each kind; references to Secrets differ. */
type Sources = { readonly [Kind in keyof corev1.Volume & keyof corev1.PersistentVolumeSpec]?: Loose<corev1.Volume[Kind]> | Loose<corev1.PersistentVolumeSpec[Kind]> | undefined } & { readonly flocker?: Loose<corev1.FlockerVolumeSource> | undefined };

/** Names of both ends of iSCSI, by how they start. */
const iscsiNames = new Map([
  ['iqn', /iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
]);

function numberFrom(min: number, value: number, path: FieldPath, found: Findings, said = min): void {
  if (value < min || value > 255) found.push(fieldErrors.invalid(path, value, `must be between ${said} and 255, inclusive`));
}

function iscsiName(value: string, path: FieldPath, found: Findings, startDetail: string): void {
  const form = iscsiNames.get(value.slice(0, 3));
  if (!form) found.push(fieldErrors.invalid(path, value, startDetail));
  else if (!form.test(value)) found.push(fieldErrors.invalid(path, value, 'must be valid format'));
}

function validateIscsi(source: Loose<corev1.ISCSIVolumeSource>, path: FieldPath, found: Findings): void {
  const { iqn, lun = 0, secretRef, initiatorName, chapAuthDiscovery, chapAuthSession } = source;
  if (iqn) iscsiName(iqn, path.child('iqn'), found, 'must be valid format starting with iqn, eui, or naa');
  numberFrom(0, lun, path.child('lun'), found);
  if ((chapAuthDiscovery || chapAuthSession) && !secretRef) found.push(fieldErrors.required(path.child('secretRef')));
  if (secretRef) present(secretRef.name, path.child('secretRef', 'name'), found);
  if (initiatorName !== undefined) iscsiName(initiatorName, path.child('initiatorname'), found, 'must be valid format');
}

function validateFibreChannel({ targetWWNs, wwids, lun }: Loose<corev1.FCVolumeSource>, path: FieldPath, found: Findings): void {
  const targets = list(targetWWNs);
  const at = path.child('targetWWNs');
  if (targets.length === 0 && list(wwids).length === 0) found.push(fieldErrors.required(at, 'must specify either targetWWNs or wwids, but not both'));
  if (targets.length === 0) return;
  if (list(wwids).length > 0) found.push(fieldErrors.invalid(at, targets, 'targetWWNs and wwids can not be specified simultaneously'));
  if (lun === undefined) found.push(fieldErrors.required(path.child('lun'), 'lun is required if targetWWNs is specified'));
  else numberFrom(0, lun, path.child('lun'), found);
}

function validateFlocker({ datasetName = '', datasetUUID = '' }: Loose<corev1.FlockerVolumeSource>, path: FieldPath, found: Findings): void {
  if (datasetName === '' && datasetUUID === '') found.push(fieldErrors.required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName !== '' && datasetUUID !== '') found.push(fieldErrors.invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (datasetName.includes('/')) found.push(fieldErrors.invalid(path.child('datasetName'), datasetName, "must not contain '/'"));
}

const managedDisk = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function validateAzureDisk({ cachingMode, kind, diskURI = '' }: Loose<corev1.AzureDiskVolumeSource>, path: FieldPath, found: Findings): void {
  supported(cachingMode, sorted(['None', 'ReadOnly', 'ReadWrite']), path.child('cachingMode'), found);
  supported(kind, sorted(['Dedicated', 'Managed', 'Shared']), path.child('kind'), found);
  if (kind === undefined) return;
  const [start, form] = kind === 'Managed' ? ['/subscriptions', managedDisk] : ['https://', blobDisk];
  if (!diskURI.toLowerCase().startsWith(start)) found.push(fieldErrors.notSupported(path.child('diskURI'), diskURI, [form]));
}

const registryForm = 'must be a host:port pair or multiple pairs separated by commas';

function validateQuobyte({ registry, tenant = '' }: Loose<corev1.QuobyteVolumeSource>, path: FieldPath, found: Findings): void {
  const at = path.child('registry');
  if (!present(registry, at, found, registryForm)) return;
  if (tenant.length >= 65) found.push(fieldErrors.required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  else if (registry.split(',').some((pair) => !/^([^[\]:]*|\[[^[\]]*\]):[^[\]:]*$/.test(pair))) found.push(fieldErrors.invalid(at, registry, registryForm));
}

function validateStorageOs({ volumeName, volumeNamespace }: Loose<corev1.StorageOSVolumeSource>, path: FieldPath, found: Findings): void {
  if (volumeName) dnsLabel(volumeName, path.child('volumeName'), found);
  if (volumeNamespace) dnsLabel(volumeNamespace, path.child('volumeNamespace'), found);
}

/** Options named in Kubernetes' own domains are its own. */
function validateFlexOptions(options: Readonly<Record<string, string>> | undefined, path: FieldPath, found: Findings): void {
  for (const [name] of entries(options)) {
    const domain = `.${name.split('/')[0]?.toLowerCase() ?? ''}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) found.push(fieldErrors.invalid(path.key(name), name, 'kubernetes.io and k8s.io namespaces are reserved'));
  }
}

/** Adds what is wrong with the source of one kind; kinds without rules of their own pass. */
export function validateVendorVolume(sources: Sources, kind: string, path: FieldPath, found: Findings): void {
  const { iscsi, fc, flocker, gcePersistentDisk, awsElasticBlockStore, azureDisk, quobyte, storageos, flexVolume } = sources;
  if (kind === 'iscsi' && iscsi) validateIscsi(iscsi, path, found);
  if (kind === 'fc' && fc) validateFibreChannel(fc, path, found);
  if (kind === 'flocker' && flocker) validateFlocker(flocker, path, found);
  if (kind === 'azureDisk' && azureDisk) validateAzureDisk(azureDisk, path, found);
  if (kind === 'quobyte' && quobyte) validateQuobyte(quobyte, path, found);
  if (kind === 'storageos' && storageos) validateStorageOs(storageos, path, found);
  if (kind === 'flexVolume' && flexVolume) validateFlexOptions(flexVolume.options, path.child('options'), found);
  // None is 0, which upstream's text does not count.
  for (const disk of [kind === 'gcePersistentDisk' ? gcePersistentDisk : undefined, kind === 'awsElasticBlockStore' ? awsElasticBlockStore : undefined])
    if (disk) numberFrom(0, disk.partition ?? 0, path.child('partition'), found, 1);
}
