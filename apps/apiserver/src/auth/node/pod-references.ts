import type { corev1 } from '@navarch/api';

/** What a pod lets its node read: `secrets/<name>`, `configmaps/<name>`, `persistentvolumeclaims/<name>`, `serviceaccounts/<name>`. */
export function podReferences(pod: corev1.Pod): Set<string> {
  const found = new Set<string>();
  const add = (resource: string, name: string | undefined): void => {
    if (name !== undefined && name !== '') found.add(`${resource}/${name}`);
  };
  const { spec } = pod;
  if (spec === undefined) return found;
  add('serviceaccounts', spec.serviceAccountName ?? 'default');
  for (const secret of spec.imagePullSecrets ?? []) add('secrets', secret.name);
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    for (const source of container.envFrom ?? []) {
      add('configmaps', source.configMapRef?.name);
      add('secrets', source.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add('configmaps', valueFrom?.configMapKeyRef?.name);
      add('secrets', valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) addVolume(volume, pod.metadata.name ?? '', add);
  return found;
}

function addVolume(volume: corev1.Volume, podName: string, add: (resource: string, name: string | undefined) => void): void {
  add('configmaps', volume.configMap?.name);
  add('secrets', volume.secret?.secretName);
  add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral !== undefined) add('persistentvolumeclaims', `${podName}-${volume.name}`);
  for (const source of volume.projected?.sources ?? []) {
    add('configmaps', source.configMap?.name);
    add('secrets', source.secret?.name);
  }
  const inTree = [volume.cephfs, volume.cinder, volume.flexVolume, volume.iscsi, volume.rbd, volume.scaleIO, volume.storageos] as const;
  for (const source of inTree) add('secrets', source?.secretRef?.name);
  add('secrets', volume.azureFile?.secretName);
  add('secrets', volume.csi?.nodePublishSecretRef?.name);
}
