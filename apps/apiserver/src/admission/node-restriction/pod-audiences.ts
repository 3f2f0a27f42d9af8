import { core, storage, type corev1, type KubeObject, type ResourceType } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import type { ObjectReader } from '../../pipeline';

export interface PodAudience {
  /** The pod asks for tokens of the audience (empty: the API server's) in a projected volume, or one of its CSI drivers does. */
  named: boolean;
  /** What was not there on the way from volumes to their drivers. */
  missing: string[];
}

/** As podReferencesAudience in upstream's plugin/pkg/admission/noderestriction. */
export function podAudience({ metadata, spec }: corev1.Pod, audience: string, reader: ObjectReader): PodAudience {
  const { namespace = '', name = '' } = metadata;
  const missing = new Set<string>();
  const find = <T extends KubeObject>(type: ResourceType<T>, from: string, wanted: string): T | undefined => {
    const found = reader.get(type, from, wanted);
    if (found === undefined) missing.add(notFound({ group: type.group, resource: type.kind.toLowerCase() }, wanted).message);
    return found;
  };
  const driverOf = (volume: corev1.Volume): string | undefined => {
    const claimed = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral === undefined ? undefined : `${name}-${volume.name}`);
    if (claimed === undefined) return volume.csi?.driver;
    const claim = find(core.persistentvolumeclaims, namespace, claimed);
    return claim && find(core.persistentvolumes, '', claim.spec?.volumeName ?? '')?.spec?.csi?.driver;
  };
  const named = (spec?.volumes ?? []).some((volume) => {
    if (volume.projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken !== undefined && (serviceAccountToken.audience ?? '') === audience) === true) return true;
    const driver = driverOf(volume);
    return driver !== undefined && find(storage.csidrivers, '', driver)?.spec.tokenRequests?.some((request) => request.audience === audience) === true;
  });
  return { named, missing: [...missing] };
}
