import { fieldErrors, type FieldPath, formatQuantity } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { readQuantity } from '../../support/quantity';
import { dnsSubdomain, type Findings, notAboveZeroMessage, sorted, supported } from '../../validation/rules';
import { validateAccessModes, volumeModes } from '../persistent-volume-claim/validation';
import { validateNodeSelector } from '../pod/validation/node-selector';
import { validateSources } from './sources';

type Spec = Loose<corev1.PersistentVolumeSpec>;

const reclaimPolicies = sorted(['Delete', 'Recycle', 'Retain']);

function validateCapacity({ capacity }: Spec, path: FieldPath, found: Findings): void {
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) found.push(fieldErrors.required(path));
  if (!names.includes('storage') || names.length > 1) found.push(fieldErrors.notSupported(path, capacity ?? {}, ['storage']));
  for (const [name, text] of entries(capacity)) {
    const quantity = readQuantity(text);
    if (quantity === undefined || quantity.nanos <= 0n) found.push(fieldErrors.invalid(path.key(name), quantity === undefined ? (text ?? '') : formatQuantity(quantity), notAboveZeroMessage));
  }
}

/** Only drivers know what to do with attributes. */
function validateAttributesClass({ volumeAttributesClassName: name, csi }: Spec, path: FieldPath, found: Findings): void {
  if (name === undefined) return;
  const at = path.child('volumeAttributesClassName');
  if (name === '') found.push(fieldErrors.required(at, 'an empty string is disallowed'));
  else dnsSubdomain(name, at, found);
  if (!csi) found.push(fieldErrors.required(path.child('csi'), 'has to be specified when using volumeAttributesClassName'));
}

/** What is asked of every volume, whoever it belongs to. */
function validateStorage(spec: Spec, volume: string, path: FieldPath, found: Findings): void {
  if (list(spec.accessModes).length === 0) found.push(fieldErrors.required(path.child('accessModes')));
  validateAccessModes(spec.accessModes, path.child('accessModes'), found);
  if (spec.nodeAffinity) {
    if (!spec.nodeAffinity.required) found.push(fieldErrors.required(path.child('nodeAffinity', 'required'), 'must specify required node constraints'));
    else validateNodeSelector(spec.nodeAffinity.required, path.child('nodeAffinity', 'required'), found);
  }
  validateSources(spec, volume, path, found);
  validateAttributesClass(spec, path, found);
}

/** The spec of the PersistentVolume that is called so. */
export function validateVolumeSpec(spec: Spec, volume: string, path: FieldPath, found: Findings): void {
  validateStorage(spec, volume, path, found);
  validateCapacity(spec, path.child('capacity'), found);
  supported(spec.persistentVolumeReclaimPolicy, reclaimPolicies, path.child('persistentVolumeReclaimPolicy'), found);
  if (spec.storageClassName) dnsSubdomain(spec.storageClassName, path.child('storageClassName'), found);
  supported(spec.volumeMode, volumeModes, path.child('volumeMode'), found);
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle')
    found.push(fieldErrors.forbidden(path.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"));
}

/** The spec of a pod's own volume, as a VolumeAttachment tells it to a driver: it is of CSI, and says nothing about its claim. */
export function validateInlineVolume(spec: Spec, path: FieldPath, found: Findings): void {
  const outside = [spec.claimRef && 'claimRef', entries(spec.capacity).length > 0 && 'capacity', spec.persistentVolumeReclaimPolicy && 'persistentVolumeReclaimPolicy', spec.nodeAffinity && 'nodeAffinity', spec.storageClassName && 'storageClassName', spec.volumeMode && 'volumeMode'];
  for (const name of outside) if (typeof name === 'string') found.push(fieldErrors.forbidden(path.child(name), 'may not be specified in the context of inline volumes'));
  if (!spec.csi) found.push(fieldErrors.required(path.child('csi'), 'has to be specified in the context of inline volumes'));
  validateStorage(spec, '', path, found);
}
