import { secretNamesOfPod, type corev1 } from '@navarch/api';

type Add = (resource: string, name: string | undefined) => void;

/**
 * What a pod lets its node read: `secrets/<name>`, `configmaps/<name>`, `persistentvolumeclaims/<name>`, `resourceclaims/<name>`,
 * `serviceaccounts/<name>`, all in the pod's namespace.
 */
export function podReferences(pod: corev1.Pod): Set<string> {
  const found = new Set<string>();
  const add: Add = (resource, name) => {
    if (name !== undefined && name !== '') found.add(`${resource}/${name}`);
  };
  const { spec } = pod;
  if (spec === undefined) return found;
  add('serviceaccounts', spec.serviceAccountName);
  for (const name of secretNamesOfPod(pod)) add('secrets', name);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    for (const source of container.envFrom ?? []) add('configmaps', source.configMapRef?.name);
    for (const { valueFrom } of container.env ?? []) add('configmaps', valueFrom?.configMapKeyRef?.name);
  }
  for (const volume of spec.volumes ?? []) addVolume(volume, pod.metadata.name ?? '', add);
  for (const claim of spec.resourceClaims ?? []) {
    const made = pod.status?.resourceClaimStatuses?.find(({ name }) => name === claim.name);
    add('resourceclaims', claim.resourceClaimName ?? made?.resourceClaimName);
  }
  add('resourceclaims', pod.status?.extendedResourceClaimStatus?.resourceClaimName);
  return found;
}

function addVolume(volume: corev1.Volume, podName: string, add: Add): void {
  add('configmaps', volume.configMap?.name);
  add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral !== undefined) add('persistentvolumeclaims', `${podName}-${volume.name}`);
  for (const source of volume.projected?.sources ?? []) add('configmaps', source.configMap?.name);
}

/** Secrets, as `<namespace>/<name>`, that the node which mounts a claim's volume needs (not those of its controller). */
export function volumeSecrets({ spec }: corev1.PersistentVolume): string[] {
  const found: string[] = [];
  const home = spec?.claimRef?.namespace ?? '';
  const add = (namespace: string | undefined, name: string | undefined): void => {
    if (name !== undefined && name !== '') found.push(`${namespace === undefined || namespace === '' ? home : namespace}/${name}`);
  };
  if (spec === undefined) return found;
  add(spec.azureFile?.secretNamespace, spec.azureFile?.secretName);
  const { csi } = spec;
  const refs = [spec.cephfs, spec.cinder, spec.flexVolume, spec.iscsi, spec.rbd, spec.scaleIO, spec.storageos].map((source) => source?.secretRef);
  for (const ref of [...refs, csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef]) add(ref?.namespace, ref?.name);
  return found;
}
