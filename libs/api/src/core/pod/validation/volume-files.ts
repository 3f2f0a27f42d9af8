import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, present } from '../../../validation/rules';
import { fileFields, validateFieldRef, validateResourceFieldRef } from './field-selectors';
import { fileMode, nonReservedPath } from './paths';
import { certificateFiles, validateCertificateSource, validateTrustBundleSource } from './projected-credentials';

// Volumes whose files the kubelet writes. Paths of what is wrong are upstream's, some of which are less exact than they could be.

/** Shortest and longest life of a token for a pod, in seconds. */
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;

/** Files that are keys of a Secret or ConfigMap. */
export function validateItems(items: readonly Loose<corev1.KeyToPath>[] | undefined, path: FieldPath, found: Findings): void {
  list(items).forEach(({ key, path: text, mode }, i) => {
    const at = path.index(i);
    present(key, at.child('key'), found);
    if (present(text, at.child('path'), found)) nonReservedPath(text, at.child('path'), found);
    fileMode(mode, at.child('mode'), found);
  });
}

/** A file that tells of the pod itself. */
export function validateDownwardFile({ path: text, fieldRef, resourceFieldRef, mode }: Loose<corev1.DownwardAPIVolumeFile>, path: FieldPath, found: Findings): void {
  if (present(text, path.child('path'), found)) nonReservedPath(text, path.child('path'), found);
  if (fieldRef) {
    validateFieldRef(fieldRef, fileFields, path.child('fieldRef'), found);
    if (resourceFieldRef) found.push(fieldErrors.invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, true, path.child('resourceFieldRef'), found);
  else found.push(fieldErrors.required(path, 'one of fieldRef and resourceFieldRef is required'));
  fileMode(mode, path.child('mode'), found);
}

/** `volume` is where the whole volume is, which upstream blames for the token's path. */
function validateToken({ expirationSeconds = 0, path: text }: Loose<corev1.ServiceAccountTokenProjection>, path: FieldPath, volume: FieldPath, found: Findings): void {
  if (expirationSeconds < minTokenSeconds) found.push(fieldErrors.invalid(path.child('expirationSeconds'), expirationSeconds, 'may not specify a duration less than 10 minutes'));
  if (expirationSeconds > maxTokenSeconds) found.push(fieldErrors.invalid(path.child('expirationSeconds'), expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  if (present(text, volume.child('path'), found)) nonReservedPath(text, volume.child('path'), found);
}

/** Tells of the files that a source writes, each with what a clash is reported as. */
function eachFile({ secret, configMap, downwardAPI, clusterTrustBundle, podCertificate }: Loose<corev1.VolumeProjection>, tell: (path: string, blamed: string) => void): void {
  for (const { path = '' } of list(secret?.items)) tell(path, secret?.name ?? '');
  for (const { path = '' } of list(configMap?.items)) tell(path, configMap?.name ?? '');
  for (const { path = '' } of list(downwardAPI?.items)) tell(path, path);
  if (clusterTrustBundle) tell(clusterTrustBundle.path ?? '', clusterTrustBundle.path ?? '');
  if (podCertificate) for (const path of certificateFiles(podCertificate)) tell(path, path);
}

/** Files of several sources in one volume. */
export function validateProjected(volume: Loose<corev1.ProjectedVolumeSource>, path: FieldPath, found: Findings): void {
  fileMode(volume.defaultMode, path.child('defaultMode'), found);
  const used = new Set<string>();
  const use = (text: string, blamed: string): void => {
    if (text === '') return;
    if (used.has(text)) found.push(fieldErrors.invalid(path, blamed, 'conflicting duplicate paths'));
    used.add(text);
  };
  const sources = path.child('sources');
  list(volume.sources).forEach((source, i) => {
    const at = sources.index(i);
    for (const kind of ['secret', 'configMap'] as const) {
      const files = source[kind];
      if (!files) continue;
      present(files.name, at.child(kind, 'name'), found);
      validateItems(files.items, at.child(kind, 'items'), found);
    }
    for (const file of list(source.downwardAPI?.items)) validateDownwardFile(file, at.child('downwardAPI'), found);
    if (source.serviceAccountToken) validateToken(source.serviceAccountToken, at.child('serviceAccountToken'), path, found);
    if (source.clusterTrustBundle) validateTrustBundleSource(source.clusterTrustBundle, at.child('clusterTrustBundle'), found);
    if (source.podCertificate) validateCertificateSource(source.podCertificate, at.child('podCertificate'), found);
    eachFile(source, use);
    if (Object.values(source).filter(Boolean).length > 1) found.push(fieldErrors.forbidden(at, 'may not specify more than 1 volume type per source'));
  });
}
