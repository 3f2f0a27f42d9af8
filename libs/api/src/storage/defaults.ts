import type { storagev1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

export function defaultStorageClass(storageClass: Loose<storagev1.StorageClass>): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}

export function defaultCsiDriver(driver: Loose<storagev1.CSIDriver>): void {
  const spec = (driver.spec ??= {});
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
  if (list(spec.volumeLifecycleModes).length === 0) spec.volumeLifecycleModes = ['Persistent'];
}

export function defaultVolumeAttachment(attachment: Loose<storagev1.VolumeAttachment>): void {
  (attachment.status ??= {}).attached ??= false;
}

export const storageDefaults: Defaulters = {
  'storage.k8s.io/v1/StorageClass': defaulter(defaultStorageClass),
  'storage.k8s.io/v1/CSIDriver': defaulter(defaultCsiDriver),
  'storage.k8s.io/v1/VolumeAttachment': defaulter(defaultVolumeAttachment),
};
