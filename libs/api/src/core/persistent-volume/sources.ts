import { dns1123LabelMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries } from '../../support/list';
import { type Loose } from '../../support/loose';
import { omit } from '../../support/omit';
import { validateDriverName } from '../../validation/driver-name';
import { type Findings, present } from '../../validation/rules';
import { noBacksteps } from '../pod/validation/paths';
import { validateHostPath } from '../pod/validation/volumes';
import { validateRequiredFields } from '../volume-source/required-fields';
import { validateVendorVolume } from '../volume-source/vendor-volumes';

// Where a PersistentVolume's storage is. Mirrors ValidatePersistentVolumeSpec of pkg/apis/core/validation/validation.go.

type Spec = Loose<corev1.PersistentVolumeSpec>;
type SecretReference = Loose<corev1.SecretReference>;

/** Everything else in the spec is a kind of storage. */
const notSources = ['accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeAttributesClassName', 'volumeMode'] as const;

export const sourcesOf = (spec: Spec): Spec => omit(spec, ...notSources);

/** A Secret of some namespace, as volumes of the whole cluster refer to it. */
function secretReference(ref: SecretReference | undefined, path: FieldPath, found: Findings): void {
  if (!ref) return;
  present(ref.name, path.child('name'), found);
  present(ref.namespace, path.child('namespace'), found);
}

function validateCsi({ driver, volumeHandle, ...secrets }: Loose<corev1.CSIPersistentVolumeSource>, path: FieldPath, found: Findings): void {
  validateDriverName(driver ?? '', path.child('driver'), found);
  present(volumeHandle, path.child('volumeHandle'), found);
  for (const name of ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const) secretReference(secrets[name], path.child(name), found);
}

function validateGlusterfs({ endpointsNamespace: namespace }: Loose<corev1.GlusterfsPersistentVolumeSource>, path: FieldPath, found: Findings): void {
  if (namespace === undefined) return;
  const at = path.child('endpointsNamespace');
  if (namespace === '') found.push(fieldErrors.invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'));
  else for (const message of dns1123LabelMessages(namespace)) found.push(fieldErrors.invalid(at, namespace, message));
}

/** With an initiator, volume and portal name a network interface of the node. */
function validatePortal({ targetPortal = '', initiatorName }: Loose<corev1.ISCSIPersistentVolumeSource>, volume: string, path: FieldPath, found: Findings): void {
  if (initiatorName !== undefined && `${volume}:${targetPortal}`.length > 64)
    found.push(fieldErrors.invalid(path.child('targetPortal'), targetPortal, 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'));
}

function validateSource(kind: string, spec: Spec, volume: string, path: FieldPath, found: Findings): void {
  if (kind !== 'csi') validateRequiredFields(kind, spec[kind as keyof Spec] as object, path, found);
  validateVendorVolume(spec, kind, path, found);
  const { hostPath, local, nfs, csi, azureFile, cinder, storageos, glusterfs, iscsi } = spec;
  if (kind === 'hostPath' && hostPath) validateHostPath(hostPath, path, found);
  if (kind === 'nfs' && nfs?.path && !nfs.path.startsWith('/')) found.push(fieldErrors.invalid(path.child('path'), nfs.path, 'must be an absolute path'));
  if (kind === 'csi' && csi) validateCsi(csi, path, found);
  if (kind === 'azureFile' && azureFile?.secretNamespace === '') found.push(fieldErrors.required(path.child('secretNamespace')));
  if (kind === 'cinder') secretReference(cinder?.secretRef, path.child('secretRef'), found);
  if (kind === 'storageos') secretReference(storageos?.secretRef, path.child('secretRef'), found);
  if (kind === 'glusterfs' && glusterfs) validateGlusterfs(glusterfs, path, found);
  if (kind === 'iscsi' && iscsi) validatePortal(iscsi, volume, path, found);
  if (kind !== 'local' || !local) return;
  if (present(local.path, path.child('path'), found)) noBacksteps(local.path, path.child('path'), found);
}

/** One kind of storage, and what that kind needs; the first that is given is looked into. */
export function validateSources(spec: Spec, volume: string, path: FieldPath, found: Findings): void {
  const [first, ...more] = entries(sourcesOf(spec) as Record<string, unknown>).filter(([, source]) => source).map(([kind]) => kind);
  if (first === undefined) found.push(fieldErrors.required(path, 'must specify a volume type'));
  for (const kind of more) found.push(fieldErrors.forbidden(path.child(kind), 'may not specify more than 1 volume type'));
  if (first !== undefined) validateSource(first, spec, volume, path.child(first), found);
  if (spec.local && !spec.nodeAffinity) found.push(fieldErrors.required(path.child('nodeAffinity'), 'Local volume requires node affinity'));
}
