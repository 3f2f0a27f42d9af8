import { configMapKeyMessages, dns1123SubdomainMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { readQuantity } from '../../../support/quantity';
import { validateTemplateObjectMeta } from '../../../validation/template-meta';
import { validateClaimSpec } from '../../persistent-volume-claim/validation';
import { validateRequiredFields } from '../../volume-source/required-fields';
import { validateVendorVolume } from '../../volume-source/vendor-volumes';
import { choice, dnsLabel, dnsSubdomain, type Findings, present, refuse, sorted, supported } from '../../../validation/rules';
import { fileFields, validateFieldRef, validateResourceFieldRef } from './field-selectors';
import { fileMode, nonReservedPath, noBacksteps } from './paths';
import { type Volumes } from './volume-mounts';

type Volume = Loose<corev1.Volume>;

const hostPathTypes = ['', ...sorted(['DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'])];
/** Shortest life of a token for a pod. */
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

/** A folder or file of the host. */
export function validateHostPath({ path: text, type = '' }: Loose<corev1.HostPathVolumeSource>, path: FieldPath, found: Findings): void {
  if (present(text, path.child('path'), found)) noBacksteps(text, path.child('path'), found);
  supported(type, hostPathTypes, path.child('type'), found);
}

function validateItems(items: readonly Loose<corev1.KeyToPath>[] | undefined, path: FieldPath, found: Findings): void {
  list(items).forEach(({ key, path: text, mode }, i) => {
    const at = path.index(i);
    if (present(key, at.child('key'), found)) refuse(configMapKeyMessages(key), key, at.child('key'), found);
    if (present(text, at.child('path'), found)) nonReservedPath(text, at.child('path'), found);
    fileMode(mode, at.child('mode'), found);
  });
}

function validateDownwardItems(items: readonly Loose<corev1.DownwardAPIVolumeFile>[] | undefined, path: FieldPath, found: Findings): void {
  list(items).forEach(({ path: text, fieldRef, resourceFieldRef, mode }, i) => {
    const at = path.index(i);
    if (present(text, at.child('path'), found)) nonReservedPath(text, at.child('path'), found);
    if (fieldRef) {
      validateFieldRef(fieldRef, fileFields, at.child('fieldRef'), found);
      if (resourceFieldRef) found.push(fieldErrors.invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    } else if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, true, at.child('resourceFieldRef'), found);
    else found.push(fieldErrors.required(at, 'one of fieldRef and resourceFieldRef is required'));
    fileMode(mode, at.child('mode'), found);
  });
}

function validateToken({ expirationSeconds = 0, path: text }: Loose<corev1.ServiceAccountTokenProjection>, path: FieldPath, found: Findings): void {
  if (expirationSeconds < minTokenSeconds) found.push(fieldErrors.invalid(path.child('expirationSeconds'), expirationSeconds, 'may not specify a duration less than 10 minutes'));
  if (expirationSeconds > maxTokenSeconds) found.push(fieldErrors.invalid(path.child('expirationSeconds'), expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  if (present(text, path.child('path'), found)) nonReservedPath(text, path.child('path'), found);
}

function projectedPaths(source: Loose<corev1.VolumeProjection>): string[] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  const items = [...list(secret?.items), ...list(configMap?.items), ...list(downwardAPI?.items)];
  return [...items.map(({ path }) => path), serviceAccountToken?.path, clusterTrustBundle?.path].filter((path) => path !== undefined);
}

function validateProjected(volume: Loose<corev1.ProjectedVolumeSource>, path: FieldPath, found: Findings): void {
  fileMode(volume.defaultMode, path.child('defaultMode'), found);
  const used = new Set<string>();
  list(volume.sources).forEach((source, i) => {
    const at = path.child('sources').index(i);
    const kinds = Object.values(source).filter(Boolean).length;
    if (kinds === 0) found.push(fieldErrors.required(at, 'must specify a volume type'));
    if (kinds > 1) found.push(fieldErrors.forbidden(at, 'may not specify more than 1 volume type'));
    if (source.secret) {
      present(source.secret.name, at.child('secret', 'name'), found);
      validateItems(source.secret.items, at.child('secret', 'items'), found);
    }
    if (source.configMap) {
      present(source.configMap.name, at.child('configMap', 'name'), found);
      validateItems(source.configMap.items, at.child('configMap', 'items'), found);
    }
    if (source.downwardAPI) validateDownwardItems(source.downwardAPI.items, at.child('downwardAPI', 'items'), found);
    if (source.serviceAccountToken) validateToken(source.serviceAccountToken, at.child('serviceAccountToken'), found);
    for (const text of projectedPaths(source)) {
      if (used.has(text)) found.push(fieldErrors.invalid(path, text, 'conflicting duplicate paths'));
      used.add(text);
    }
  });
}

/** A Secret of the pod's own namespace. */
function validateSecretRef({ cinder, storageos }: Volume, kind: string, path: FieldPath, found: Findings): void {
  const ref = kind === 'cinder' ? cinder?.secretRef : kind === 'storageos' ? storageos?.secretRef : undefined;
  if (ref) present(ref.name, path.child('secretRef', 'name'), found);
}

function validateSource(kind: string, volume: Volume, path: FieldPath, found: Findings): void {
  validateRequiredFields(kind, volume[kind as keyof corev1.Volume] as object, path, found);
  validateVendorVolume(volume, kind, path, found);
  validateSecretRef(volume, kind, path, found);
  const { emptyDir, hostPath, secret, configMap, downwardAPI, projected, nfs, image } = volume;
  if (kind === 'emptyDir' && emptyDir?.sizeLimit !== undefined && (readQuantity(emptyDir.sizeLimit)?.nanos ?? -1n) < 0n)
    found.push(fieldErrors.forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
  if (kind === 'hostPath' && hostPath) validateHostPath(hostPath, path, found);
  for (const source of [kind === 'secret' ? secret : undefined, kind === 'configMap' ? configMap : undefined]) {
    if (!source) continue;
    fileMode(source.defaultMode, path.child('defaultMode'), found);
    validateItems(source.items, path.child('items'), found);
  }
  if (kind === 'downwardAPI' && downwardAPI) {
    fileMode(downwardAPI.defaultMode, path.child('defaultMode'), found);
    validateDownwardItems(downwardAPI.items, path.child('items'), found);
  }
  if (kind === 'projected' && projected) validateProjected(projected, path, found);
  if (kind === 'nfs' && nfs?.path && !nfs.path.startsWith('/')) found.push(fieldErrors.invalid(path.child('path'), nfs.path, 'must be an absolute path'));
  if (kind === 'image' && image) {
    present(image.reference, path.child('reference'), found);
    choice(image.pullPolicy, sorted(['Always', 'IfNotPresent', 'Never']), path.child('pullPolicy'), found);
  }
  if (kind === 'persistentVolumeClaim' && volume.persistentVolumeClaim?.claimName)
    dnsSubdomain(volume.persistentVolumeClaim.claimName, path.child('claimName'), found);
}

/** A claim that is made with the pod, and goes with it. It is named after both. */
function validateEphemeral({ name = '', ephemeral }: Volume, podName: string, path: FieldPath, found: Findings): void {
  const template = ephemeral?.volumeClaimTemplate;
  if (template) {
    const at = path.child('ephemeral', 'volumeClaimTemplate');
    validateTemplateObjectMeta(template.metadata, at.child('metadata'), found);
    validateClaimSpec(template.spec ?? {}, at.child('spec'), found);
  }
  if (podName === '' || name === '') return;
  const claimName = `${podName}-${name}`;
  for (const message of dns1123SubdomainMessages(claimName)) found.push(fieldErrors.invalid(path.child('name'), name, `PVC name ${JSON.stringify(claimName)}: ${message}`));
}

/** The pod's volumes; those that are well formed can be mounted. `podName` is empty in a template. */
export function validateVolumes(volumes: readonly Volume[] | undefined, podName: string, path: FieldPath, found: Findings): Volumes {
  const usable = new Map<string, Volume>();
  const seen = new Set<string>();
  list(volumes).forEach((volume, i) => {
    const at = path.index(i);
    const own: Findings = [];
    const kinds = Object.keys(volume).filter((field) => field !== 'name' && volume[field as keyof Volume]);
    const [first] = kinds;
    if (first === undefined) own.push(fieldErrors.required(at, 'must specify a volume type'));
    else validateSource(first, volume, at.child(first), own);
    if (volume.ephemeral) validateEphemeral(volume, podName, at, own);
    for (const kind of kinds.slice(1)) own.push(fieldErrors.forbidden(at.child(kind), 'may not specify more than 1 volume type'));
    const { name = '' } = volume;
    if (present(name, at.child('name'), own)) dnsLabel(name, at.child('name'), own);
    if (seen.has(name)) own.push(fieldErrors.duplicate(at.child('name'), name));
    seen.add(name);
    if (own.length === 0) usable.set(name, volume);
    found.push(...own);
  });
  return usable;
}
