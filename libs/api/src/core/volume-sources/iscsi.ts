import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { type Findings, present } from '../../validation/rules';
import { validateNumber } from './number-range';
import { type VolumeOwner } from './volume-owner';

/** Names of both ends of iSCSI, by how they start. */
const forms = new Map([
  ['iqn', /iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
]);
const badForm = 'must be valid format';
/** Most characters of a volume's name and its portal together, where each volume has an initiator of its own. */
const maxInterface = 64;
const tooLong = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

function validateName(value: string, { kind }: VolumeOwner, path: FieldPath, found: Findings): void {
  const form = forms.get(value.slice(0, 3));
  if (form?.test(value)) return;
  found.push(fieldErrors.invalid(path, value, form || kind === 'volume' ? badForm : `${badForm} starting with iqn, eui, or naa`));
}

export function validateIscsi(source: Loose<corev1.ISCSIPersistentVolumeSource>, owner: VolumeOwner, path: FieldPath, found: Findings): void {
  const { targetPortal = '', iqn = '', lun = 0, secretRef, initiatorName, chapAuthDiscovery, chapAuthSession } = source;
  present(targetPortal, path.child('targetPortal'), found);
  if (owner.kind === 'volume' && initiatorName !== undefined && `${owner.name}:${targetPortal}`.length > maxInterface)
    found.push(fieldErrors.invalid(path.child('targetportal'), targetPortal, tooLong));
  if (present(iqn, path.child('iqn'), found)) validateName(iqn, owner, path.child('iqn'), found);
  validateNumber(lun, 0, path.child('lun'), found);
  if ((chapAuthDiscovery || chapAuthSession) && !secretRef) found.push(fieldErrors.required(path.child('secretRef')));
  if (owner.kind === 'volume' && secretRef) present(secretRef.name, path.child('secretRef', 'name'), found);
  if (initiatorName !== undefined) validateName(initiatorName, owner, path.child('initiatorname'), found);
}

/** In a pod it is the volume's name that is refused. */
export function validateIscsiInterface({ name = '', iscsi }: Loose<corev1.Volume>, path: FieldPath, found: Findings): void {
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal ?? ''}`.length > maxInterface) found.push(fieldErrors.invalid(path.child('name'), name, tooLong));
}
