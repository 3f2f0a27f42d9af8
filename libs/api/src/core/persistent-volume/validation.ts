import { posix } from 'node:path';
import { fieldErrors, FieldPath, formatQuantity } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { omit } from '../../support/omit';
import { readQuantity } from '../../support/quantity';
import { semanticEqual } from '../../support/semantic-equal';
import { describeDifference } from '../../validation/describe-difference';
import { contentRules } from '../../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable, notAboveZeroMessage, oneOf, present, sorted, supported } from '../../validation/rules';
import { nodeTermWarnings } from '../node/former-labels';
import { validateAccessModes, volumeModes } from '../persistent-volume-claim/validation';
import { formerClassWarnings } from '../persistent-volume-claim/warnings';
import { validateNodeSelector } from '../pod/validation/node-selector';
import { noBacksteps } from '../pod/validation/paths';
import { validatePersistentCsi } from '../volume-sources/csi';
import { validateOneSource } from '../volume-sources/one-source';
import { validateSharedSource } from '../volume-sources/shared-sources';
import { validateNodeAffinityChange } from './node-affinity-change';

type Volume = Loose<corev1.PersistentVolume>;
type Spec = Loose<corev1.PersistentVolumeSpec>;

/** Kinds of storage, in the order in which upstream looks at them. */
const sourceKinds = [
  'hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'flocker', 'nfs', 'rbd', 'quobyte', 'cephfs', 'iscsi', 'cinder', 'fc', 'flexVolume', 'azureFile', 'vsphereVolume',
  'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'scaleIO', 'local', 'storageos', 'csi',
] as const satisfies readonly (keyof corev1.PersistentVolumeSpec)[];

const specPath = FieldPath.of('spec');

const sourcesOf = (spec: Spec): Spec => Object.fromEntries(sourceKinds.map((kind) => [kind, spec[kind]]));

function validateCapacity({ capacity }: Spec, specPath: FieldPath, found: Findings): void {
  const path = specPath.child('capacity');
  const names = Object.keys(capacity ?? {});
  if (names.length === 0) found.push(fieldErrors.required(path));
  if (!names.includes('storage') || names.length > 1) found.push(fieldErrors.notSupported(path, capacity ?? null, ['storage']));
  for (const [name, text] of entries(capacity)) {
    const quantity = readQuantity(text);
    if (quantity !== undefined && quantity.nanos < 0n) found.push(fieldErrors.invalid(path.key(name), formatQuantity(quantity), 'must be a valid resource quantity'));
    if (quantity === undefined || quantity.nanos <= 0n) found.push(fieldErrors.invalid(path.key(name), quantity === undefined ? (text ?? '') : formatQuantity(quantity), notAboveZeroMessage));
  }
}

function validateSource(kind: (typeof sourceKinds)[number], spec: Spec, name: string, path: FieldPath, specPath: FieldPath, found: Findings): void {
  validateSharedSource(kind, spec[kind], { kind: 'volume', name }, path, found);
  if (kind === 'csi') validatePersistentCsi(spec.csi ?? {}, path, found);
  if (kind !== 'local') return;
  const { path: text } = spec.local ?? {};
  if (present(text, path.child('path'), found)) noBacksteps(text, path.child('path'), found);
  if (!spec.nodeAffinity?.required) found.push(fieldErrors.required(specPath.child('nodeAffinity'), 'Local volume requires node affinity'));
}

/** Only drivers know what to do with attributes. */
function validateAttributesClass({ volumeAttributesClassName: name, csi }: Spec, specPath: FieldPath, found: Findings): void {
  if (name === undefined) return;
  const path = specPath.child('volumeAttributesClassName');
  if (name === '') found.push(fieldErrors.required(path, 'an empty string is disallowed'));
  else dnsSubdomain(name, path, found);
  if (!csi) found.push(fieldErrors.required(specPath.child('csi'), 'has to be specified when using volumeAttributesClassName'));
}

function validateCommon(spec: Spec, name: string, path: FieldPath, found: Findings): void {
  if (list(spec.accessModes).length === 0) found.push(fieldErrors.required(path.child('accessModes')));
  validateAccessModes(spec.accessModes, path.child('accessModes'), found);
  validateOneSource(spec, sourceKinds, path, found, (kind, sourcePath) => {
    validateSource(kind, spec, name, sourcePath, path, found);
  });
  if (posix.normalize(spec.hostPath?.path ?? '') === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle')
    found.push(fieldErrors.forbidden(path.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"));
}

const inlineDetail = 'in the context of inline volumes';

/** The spec of a volume that no PersistentVolume stands for: an attachment's own. Only drivers have those. */
export function validateInlineVolumeSpec(spec: Spec, path: FieldPath, found: Findings): void {
  for (const field of ['claimRef', 'capacity', 'nodeAffinity', 'storageClassName'] as const) {
    const value = spec[field];
    if (typeof value === 'object' ? field !== 'capacity' || entries(spec.capacity).length > 0 : value) found.push(fieldErrors.forbidden(path.child(field), `may not be specified ${inlineDetail}`));
  }
  if (!spec.csi) found.push(fieldErrors.required(path.child('csi'), `has to be specified ${inlineDetail}`));
  const { persistentVolumeReclaimPolicy: policy, volumeMode } = spec;
  if (policy && policy !== 'Retain') found.push(fieldErrors.forbidden(path.child('persistentVolumeReclaimPolicy'), `may only be Retain ${inlineDetail}`));
  if (volumeMode !== undefined && volumeMode !== 'Filesystem') found.push(fieldErrors.forbidden(path.child('volumeMode'), `may not specify volumeMode other than Filesystem ${inlineDetail}`));
  validateCommon(spec, '', path, found);
}

function content({ metadata, spec = {} }: Volume, old: Volume | undefined): Findings {
  const found: Findings = [];
  validateCapacity(spec, specPath, found);
  supported(spec.persistentVolumeReclaimPolicy, sorted(['Delete', 'Recycle', 'Retain']), specPath.child('persistentVolumeReclaimPolicy'), found);
  if (spec.nodeAffinity) {
    if (!spec.nodeAffinity.required) found.push(fieldErrors.required(specPath.child('nodeAffinity', 'required'), 'must specify required node constraints'));
    else validateNodeSelector(spec.nodeAffinity.required, specPath.child('nodeAffinity', 'required'), found, old?.spec?.nodeAffinity?.required);
  }
  validateCommon(spec, metadata?.name ?? '', specPath, found);
  if (spec.storageClassName) dnsSubdomain(spec.storageClassName, specPath.child('storageClassName'), found);
  validateAttributesClass(spec, specPath, found);
  if (spec.volumeMode !== undefined) oneOf(spec.volumeMode, volumeModes, specPath.child('volumeMode'), found);
  return found;
}

/** What the storage is stays; but a driver may be told later which secret it grows a volume with. */
function validateSourceChange(spec: Spec, before: Spec, found: Findings): void {
  const allowsSecret = before.csi && !before.csi.controllerExpandSecretRef && spec.csi;
  const [now, then] = [sourcesOf(allowsSecret ? { ...spec, csi: omit(spec.csi ?? {}, 'controllerExpandSecretRef') } : spec), sourcesOf(before)];
  if (!semanticEqual(now, then))
    found.push(fieldErrors.forbidden(specPath.child('persistentvolumesource'), `spec.persistentvolumesource is immutable after creation\n${describeDifference(then, now)}`));
}

/** Upstream reports two of these without `spec`. */
function change({ spec = {} }: Volume, { spec: before = {} }: Volume): Findings {
  const found: Findings = [];
  validateSourceChange(spec, before, found);
  immutable(spec.volumeMode, before.volumeMode, FieldPath.of('volumeMode'), found);
  if (before.nodeAffinity) validateNodeAffinityChange(spec.nodeAffinity, before.nodeAffinity, FieldPath.of('nodeAffinity'), found);
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    found.push(fieldErrors.forbidden(specPath.child('volumeAttributesClassName'), 'update from non-nil value to nil is forbidden'));
  return found;
}

/** Kinds of storage whose drivers are gone, and upstream's names for their fields in what it says. */
const formerSources = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** Mirrors pkg/api/persistentvolume. */
function warnings(volume: Volume): string[] {
  const { spec } = volume;
  const found = formerClassWarnings(volume);
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle')
    found.push('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.');
  const terms = list(spec?.nodeAffinity?.required?.nodeSelectorTerms);
  terms.forEach((term, i) => found.push(...nodeTermWarnings(term, 'valid', specPath.child('nodeAffinity', 'required', 'nodeSelectorTerms').index(i))));
  for (const [kind, field, text] of formerSources) if (spec?.[kind] !== undefined) found.push(`${specPath.child(field).toString()}: ${text}`);
  return found;
}

export const persistentVolumeValidation = contentRules<Volume>({ content, change, warnings });
