import { secretNamesOfPod, type corev1 } from '@navarch/api';
import { podReferences } from '../../auth/node/pod-references';

/** What each source of a projected volume is of. */
const projected: readonly (readonly [keyof corev1.VolumeProjection, string])[] = [
  ['configMap', 'configmaps (via projected volumes)'], ['secret', 'secrets (via projected volumes)'], ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'], ['podCertificate', 'podcertificates'],
];

/** What each volume is of, by whatever name. */
const volumes: readonly (readonly [keyof corev1.Volume, string])[] = [
  ['configMap', 'configmaps (via configmap volumes)'], ['secret', 'secrets (via secret volumes)'], ['csi', 'csidrivers (via CSI volumes)'], ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'], ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'], ['azureFile', 'secrets (via azureFile volumes)'],
];

function ofVolume(volume: corev1.Volume): string | undefined {
  const own = volumes.find(([field]) => volume[field] !== undefined)?.[1];
  if (own !== undefined) return own;
  for (const source of volume.projected?.sources ?? []) {
    const found = projected.find(([field]) => source[field] !== undefined)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of which API a pod refers to an object, if to any: the first that upstream's HasAPIObjectReference (pkg/api/pod) finds. */
export function apiReferenceOf(pod: corev1.Pod): string | undefined {
  if ((pod.spec?.serviceAccountName ?? '') !== '') return 'serviceaccounts';
  if (secretNamesOfPod(pod).size > 0) return 'secrets';
  if ([...podReferences(pod)].some((reference) => reference.startsWith('configmaps/'))) return 'configmaps';
  if ((pod.spec?.resourceClaims?.length ?? 0) > 0) return 'resourceclaims';
  for (const volume of pod.spec?.volumes ?? []) {
    const found = ofVolume(volume);
    if (found !== undefined) return found;
  }
  return undefined;
}
