import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { defaultClaimSpec } from '../persistent-volume-claim/defaults';
import { defaultPullPolicy } from './image-tag';

/** 0644: files of a volume made from API objects. */
const fileMode = 0o644;

function defaultFieldRefs(items: readonly Loose<corev1.DownwardAPIVolumeFile>[] | undefined): void {
  for (const { fieldRef, resourceFieldRef } of list(items)) {
    if (fieldRef) fieldRef.apiVersion ||= 'v1';
    if (resourceFieldRef) resourceFieldRef.divisor ||= '0';
  }
}

/** Volume sources that a PersistentVolume has in common with a pod's volume. */
type SharedSources = Loose<Pick<corev1.Volume, 'hostPath' | 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>>;

/** Defaults of sources that pods and PersistentVolumes share. */
export function defaultSharedSources(volume: SharedSources): void {
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= 'default';
  if (volume.rbd) {
    volume.rbd.pool ||= 'rbd';
    volume.rbd.user ||= 'admin';
    volume.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (volume.azureDisk) {
    volume.azureDisk.cachingMode ??= 'ReadWrite';
    volume.azureDisk.kind ??= 'Shared';
    volume.azureDisk.fsType ??= 'ext4';
    volume.azureDisk.readOnly ??= false;
  }
  if (volume.scaleIO) {
    volume.scaleIO.storageMode ||= 'ThinProvisioned';
    volume.scaleIO.fsType ||= 'xfs';
  }
}

/** Defaults of a pod's volume: without a source it is an empty directory. */
export function defaultVolume(volume: Loose<corev1.Volume>): void {
  if (!Object.entries(volume).some(([field, source]) => field !== 'name' && source)) volume.emptyDir = {};
  defaultSharedSources(volume);
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) if (source) source.defaultMode ??= fileMode;
  defaultFieldRefs(volume.downwardAPI?.items);
  for (const { serviceAccountToken, downwardAPI } of list(volume.projected?.sources)) {
    if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= 3600;
    defaultFieldRefs(downwardAPI?.items);
  }
  if (volume.ephemeral?.volumeClaimTemplate) defaultClaimSpec((volume.ephemeral.volumeClaimTemplate.spec ??= {}));
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference);
}
