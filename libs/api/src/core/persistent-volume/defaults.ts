import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { defaultSharedSources } from '../pod/volume-defaults';

export function defaultPersistentVolume(volume: Loose<corev1.PersistentVolume>): void {
  const spec = (volume.spec ??= {});
  (volume.status ??= {}).phase ||= 'Pending';
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  defaultSharedSources(spec);
}
