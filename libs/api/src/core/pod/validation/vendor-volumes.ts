import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, present } from '../../../validation/rules';

// What sources of volumes of one vendor or protocol must keep to, beside the fields they cannot do without.
// Mirrors pkg/apis/core/validation/validation.go.

type Volume = Loose<corev1.Volume>;

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

/** Adds what is wrong with one source; kinds without rules of their own pass. */
export function validateVendorVolume(kind: string, volume: Volume, path: FieldPath, found: Findings): void {
  const { iscsi, fc, flocker, gcePersistentDisk, awsElasticBlockStore } = volume;
  if (kind === 'iscsi' && iscsi) validateIscsi(iscsi, path, found);
  if (kind === 'fc' && fc) validateFibreChannel(fc, path, found);
  if (kind === 'flocker' && flocker) validateFlocker(flocker, path, found);
  // None is 0, which upstream's text does not count.
  for (const disk of [kind === 'gcePersistentDisk' ? gcePersistentDisk : undefined, kind === 'awsElasticBlockStore' ? awsElasticBlockStore : undefined])
    if (disk) numberFrom(0, disk.partition ?? 0, path.child('partition'), found, 1);
}
