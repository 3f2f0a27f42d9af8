import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, present, sorted } from '../../../validation/rules';
import { descendingPath } from './paths';

/** Volumes of the pod by name. */
export type Volumes = ReadonlyMap<string, Loose<corev1.Volume>>;

const propagations = sorted(['None', 'HostToContainer', 'Bidirectional']);

function validatePropagation(mode: string, container: Loose<corev1.Container>, path: FieldPath, found: Findings): void {
  if (!propagations.includes(mode)) found.push(fieldErrors.notSupported(path, mode, propagations));
  if (mode === 'Bidirectional' && !container.securityContext?.privileged)
    found.push(fieldErrors.forbidden(path, 'Bidirectional mount propagation is available only to privileged containers'));
}

function validateSubPaths({ subPath, subPathExpr }: Loose<corev1.VolumeMount>, at: FieldPath, path: FieldPath, found: Findings): void {
  if (subPath) descendingPath(subPath, path.child('subPath'), found);
  if (!subPathExpr) return;
  if (subPath) found.push(fieldErrors.invalid(at.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
  descendingPath(subPathExpr, path.child('subPathExpr'), found);
}

function validateRecursiveReadOnly({ recursiveReadOnly, readOnly, mountPropagation }: Loose<corev1.VolumeMount>, path: FieldPath, found: Findings): void {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return;
  const at = path.child('recursiveReadOnly');
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    found.push(fieldErrors.notSupported(at, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible']));
    return;
  }
  if (!readOnly) found.push(fieldErrors.forbidden(at, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None') found.push(fieldErrors.forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
}

export function validateVolumeMounts(container: Loose<corev1.Container>, volumes: Volumes, path: FieldPath, found: Findings): void {
  const used = new Set<string>();
  const devices = list(container.volumeDevices);
  list(container.volumeMounts).forEach((mount, i) => {
    const at = path.index(i);
    const { name = '', mountPath = '' } = mount;
    present(name, at.child('name'), found);
    if (!volumes.has(name)) found.push(fieldErrors.notFound(at.child('name'), name));
    present(mountPath, at.child('mountPath'), found);
    if (used.has(mountPath)) found.push(fieldErrors.invalid(at.child('mountPath'), mountPath, 'must be unique'));
    used.add(mountPath);
    if (devices.some((device) => device.name === name)) found.push(fieldErrors.invalid(at.child('name'), name, 'must not already exist in volumeDevices'));
    if (devices.some((device) => device.devicePath === mountPath))
      found.push(fieldErrors.invalid(at.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'));
    // Upstream names the list here, not the mount.
    validateSubPaths(mount, at, path, found);
    if (mount.mountPropagation !== undefined) validatePropagation(mount.mountPropagation, container, path.child('mountPropagation'), found);
    validateRecursiveReadOnly(mount, path, found);
  });
}

export function validateVolumeDevices(container: Loose<corev1.Container>, volumes: Volumes, path: FieldPath, found: Findings): void {
  const mounts = list(container.volumeMounts);
  const names = new Set<string>();
  const paths = new Set<string>();
  list(container.volumeDevices).forEach(({ name = '', devicePath = '' }, i) => {
    const at = path.index(i);
    present(name, at.child('name'), found);
    if (names.has(name)) found.push(fieldErrors.invalid(at.child('name'), name, 'must be unique'));
    const volume = volumes.get(name);
    if (volume === undefined) found.push(fieldErrors.notFound(at.child('name'), name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      found.push(fieldErrors.invalid(at.child('name'), name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'));
    present(devicePath, at.child('devicePath'), found);
    if (paths.has(devicePath)) found.push(fieldErrors.invalid(at.child('devicePath'), devicePath, 'must be unique'));
    if (devicePath.split('/').includes('..')) found.push(fieldErrors.invalid(at.child('devicePath'), devicePath, "can not contain backsteps ('..')"));
    if (mounts.some((mount) => mount.name === name)) found.push(fieldErrors.invalid(at.child('name'), name, 'must not already exist in volumeMounts'));
    if (mounts.some((mount) => mount.mountPath === devicePath)) found.push(fieldErrors.invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'));
    names.add(name);
    paths.add(devicePath);
  });
}
