import { storage, volumeAnnotations, type storagev1 } from '@navarch/api';
import { isAlreadyExists } from '@navarch/apimachinery';
import type { ObjectApi } from '@navarch/reconcile';

const isDefault = ({ metadata }: storagev1.StorageClass): boolean => metadata.annotations?.[volumeAnnotations.defaultClass] === 'true';

/** Makes the class by which this provisioner is used, if it is not there; it is the default unless another is. A user's changes stay. */
export async function ensureStorageClass(name: string, provisioner: string, api: Pick<ObjectApi, 'create' | 'list'>, signal: AbortSignal): Promise<void> {
  const { items } = await api.list(storage.storageclasses, { signal });
  if (items.some(({ metadata }) => metadata.name === name)) return;
  const annotations = items.some(isDefault) ? {} : { [volumeAnnotations.defaultClass]: 'true' };
  const storageClass: storagev1.StorageClass = { metadata: { name, annotations }, provisioner, reclaimPolicy: 'Delete', volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true };
  await api.create(storage.storageclasses, storageClass, { signal }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
}
