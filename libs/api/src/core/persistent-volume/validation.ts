import { fieldErrors, FieldPath, formatQuantity, immutableMessage } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { omit } from '../../support/omit';
import { readQuantity } from '../../support/quantity';
import { semanticEqual } from '../../support/semantic-equal';
import { describeDifference } from '../../validation/describe-difference';
import { contentRules } from '../../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable, notAboveZeroMessage, present, sorted, supported } from '../../validation/rules';
import { validateAccessModes, volumeModes } from '../persistent-volume-claim/validation';
import { validateNodeSelector } from '../pod/validation/node-selector';
import { validateHostPath } from '../pod/validation/volumes';

type Volume = Loose<corev1.PersistentVolume>;
type Spec = Loose<corev1.PersistentVolumeSpec>;

const specPath = FieldPath.of('spec');
/** Everything else in the spec is a kind of storage. */
const notSources = ['accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeAttributesClassName', 'volumeMode'] as const;

const sourcesOf = (spec: Spec): Spec => omit(spec, ...notSources);

function validateCapacity({ capacity }: Spec, found: Findings): void {
  const path = specPath.child('capacity');
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) found.push(fieldErrors.required(path));
  if (!names.includes('storage') || names.length > 1) found.push(fieldErrors.notSupported(path, capacity ?? {}, ['storage']));
  for (const [name, text] of entries(capacity)) {
    const quantity = readQuantity(text);
    if (quantity === undefined || quantity.nanos <= 0n) found.push(fieldErrors.invalid(path.key(name), quantity === undefined ? (text ?? '') : formatQuantity(quantity), notAboveZeroMessage));
  }
}

function validateSources(spec: Spec, found: Findings): void {
  const kinds = entries(sourcesOf(spec) as Record<string, unknown>).filter(([, source]) => source).map(([kind]) => kind);
  if (kinds.length === 0) found.push(fieldErrors.required(specPath, 'must specify a volume type'));
  for (const kind of kinds.slice(1)) found.push(fieldErrors.forbidden(specPath.child(kind), 'may not specify more than 1 volume type'));
  const { hostPath, local, nfs, csi } = spec;
  if (hostPath) validateHostPath(hostPath, specPath.child('hostPath'), found);
  if (nfs) {
    present(nfs.server, specPath.child('nfs', 'server'), found);
    if (present(nfs.path, specPath.child('nfs', 'path'), found) && !nfs.path.startsWith('/'))
      found.push(fieldErrors.invalid(specPath.child('nfs', 'path'), nfs.path, 'must be an absolute path'));
  }
  if (csi) {
    present(csi.driver, specPath.child('csi', 'driver'), found);
    present(csi.volumeHandle, specPath.child('csi', 'volumeHandle'), found);
  }
  if (!local) return;
  present(local.path, specPath.child('local', 'path'), found);
  if (!spec.nodeAffinity) found.push(fieldErrors.required(FieldPath.of('metadata', 'annotations'), 'Local volume requires node affinity'));
}

/** Only drivers know what to do with attributes. */
function validateAttributesClass({ volumeAttributesClassName: name, csi }: Spec, found: Findings): void {
  if (name === undefined) return;
  const path = specPath.child('volumeAttributesClassName');
  if (name === '') found.push(fieldErrors.required(path, 'an empty string is disallowed'));
  else dnsSubdomain(name, path, found);
  if (!csi) found.push(fieldErrors.required(specPath.child('csi'), 'has to be specified when using volumeAttributesClassName'));
}

function content({ spec = {} }: Volume): Findings {
  const found: Findings = [];
  if (list(spec.accessModes).length === 0) found.push(fieldErrors.required(specPath.child('accessModes')));
  validateAccessModes(spec.accessModes, specPath.child('accessModes'), found);
  validateCapacity(spec, found);
  supported(spec.persistentVolumeReclaimPolicy, sorted(['Delete', 'Recycle', 'Retain']), specPath.child('persistentVolumeReclaimPolicy'), found);
  if (spec.nodeAffinity) {
    if (!spec.nodeAffinity.required) found.push(fieldErrors.required(specPath.child('nodeAffinity', 'required'), 'must specify required node constraints'));
    else validateNodeSelector(spec.nodeAffinity.required, specPath.child('nodeAffinity', 'required'), found);
  }
  validateSources(spec, found);
  if (spec.storageClassName) dnsSubdomain(spec.storageClassName, specPath.child('storageClassName'), found);
  validateAttributesClass(spec, found);
  supported(spec.volumeMode, volumeModes, specPath.child('volumeMode'), found);
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle')
    found.push(fieldErrors.forbidden(specPath.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"));
  return found;
}

function change(volume: Volume, old: Volume): Findings {
  const found: Findings = [];
  const [spec, before] = [volume.spec ?? {}, old.spec ?? {}];
  if (!semanticEqual(sourcesOf(spec), sourcesOf(before)))
    found.push(fieldErrors.forbidden(specPath.child('persistentvolumesource'), `spec.persistentvolumesource is immutable after creation\n${describeDifference(sourcesOf(before), sourcesOf(spec))}`));
  immutable(spec.volumeMode, before.volumeMode, specPath.child('volumeMode'), found);
  if (before.nodeAffinity && !semanticEqual(spec.nodeAffinity, before.nodeAffinity))
    found.push(fieldErrors.invalid(specPath.child('nodeAffinity'), spec.nodeAffinity ?? null, `${immutableMessage}, except for updating from beta label to GA`));
  return found;
}

const formerClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

function warnings({ metadata, spec }: Volume): string[] {
  const found: string[] = [];
  if (metadata?.annotations?.[formerClassAnnotation] !== undefined) found.push(`metadata.annotations[${formerClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`);
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle')
    found.push('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.');
  return found;
}

export const persistentVolumeValidation = contentRules<Volume>({ content, change, warnings });
