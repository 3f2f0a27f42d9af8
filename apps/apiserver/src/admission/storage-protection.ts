import { storage, storageClassOf, type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { refused } from './refused';

/** The finalizer with which a controller holds back the delete of what is in use. */
const finalizers: Readonly<Record<string, string>> = {
  '/persistentvolumes': 'kubernetes.io/pv-protection',
  '/persistentvolumeclaims': 'kubernetes.io/pvc-protection',
  'storage.k8s.io/volumeattributesclasses': 'kubernetes.io/vac-protection',
};

/** Volumes and claims are not deleted under those who use them. */
export class StorageObjectInUseProtection implements AdmissionPlugin {
  readonly name = 'StorageObjectInUseProtection';

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'CREATE' && subresource === '' && `${group}/${resource}` in finalizers;
  }

  mutate({ group, resource, object }: AdmissionAttributes): void {
    const finalizer = finalizers[`${group}/${resource}`];
    if (object === undefined || finalizer === undefined) return;
    const present = object.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) object.metadata.finalizers = [...present, finalizer];
  }
}

/** A claim grows only if it is bound, and of a class that can. */
export class PersistentVolumeClaimResize implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'UPDATE' && group === '' && resource === 'persistentvolumeclaims' && subresource === '';
  }

  validate(attributes: AdmissionAttributes): void {
    const [claim, old] = [attributes.object, attributes.oldObject] as [corev1.PersistentVolumeClaim, corev1.PersistentVolumeClaim];
    const [size, before] = [claim, old].map(({ spec }) => spec?.resources?.requests?.['storage']);
    if (size === undefined || before === undefined || compareQuantities(parseQuantity(size), parseQuantity(before)) <= 0) return;
    if (old.status?.phase !== 'Bound') throw refused(attributes, 'Only bound persistent volume claims can be expanded');
    const name = storageClassOf(claim);
    // Who gives it a class in the same breath has no volume of that class yet.
    if (name === '' || storageClassOf(old) !== name || this.reader.get(storage.storageclasses, '', name)?.allowVolumeExpansion !== true)
      throw refused(attributes, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize');
  }
}
