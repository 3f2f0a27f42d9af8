import type { corev1 } from '../gen';

const legacyClass = 'volume.beta.kubernetes.io/storage-class';

/** The storage class of a claim or a volume, by annotation or field; empty if it names none. */
export function storageClassOf({ metadata, spec }: corev1.PersistentVolume | corev1.PersistentVolumeClaim): string {
  return metadata.annotations?.[legacyClass] ?? spec?.storageClassName ?? '';
}

/** Whether a claim leaves its class to the default: an empty name means no class at all. */
export function wantsDefaultClass({ metadata, spec }: corev1.PersistentVolumeClaim): boolean {
  return spec?.storageClassName === undefined && metadata.annotations?.[legacyClass] === undefined;
}
