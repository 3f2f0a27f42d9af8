import { core, storage, type corev1 } from '@navarch/api';
import type { ObjectReader } from '../../pipeline';

/** Whether a pod asks for tokens of this audience (empty: the API server's) in a projected volume, or one of its CSI drivers does. */
export function podNamesAudience({ metadata, spec }: corev1.Pod, audience: string, reader: ObjectReader): boolean {
  const { namespace = '', name = '' } = metadata;
  const driverNames = (driver: string | undefined): boolean =>
    driver !== undefined && (reader.get(storage.csidrivers, '', driver)?.spec.tokenRequests?.some((request) => request.audience === audience) ?? false);
  for (const volume of spec?.volumes ?? []) {
    if (volume.projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken !== undefined && (serviceAccountToken.audience ?? '') === audience) === true) return true;
    if (driverNames(volume.csi?.driver)) return true;
    const claim = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral === undefined ? undefined : `${name}-${volume.name}`);
    const bound = claim === undefined ? undefined : reader.get(core.persistentvolumeclaims, namespace, claim)?.spec?.volumeName;
    if (bound !== undefined && driverNames(reader.get(core.persistentvolumes, '', bound)?.spec?.csi?.driver)) return true;
  }
  return false;
}
