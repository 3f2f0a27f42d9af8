import type { corev1 } from '../../gen';
import { list } from '../../support/list';

function ofVolume({ secret, projected, azureFile, csi, ...volume }: corev1.Volume): (string | undefined)[] {
  const inTree = [volume.cephfs, volume.cinder, volume.flexVolume, volume.iscsi, volume.rbd, volume.scaleIO, volume.storageos] as const;
  return [
    secret?.secretName, azureFile?.secretName, csi?.nodePublishSecretRef?.name,
    ...list(projected?.sources).map((source) => source.secret?.name),
    ...inTree.map((source) => source?.secretRef?.name),
  ];
}

/** The Secrets of its namespace that a pod uses, each once. Mirrors VisitPodSecretNames of upstream's `pkg/api/v1/pod`. */
export function secretNamesOfPod({ spec }: corev1.Pod): ReadonlySet<string> {
  const containers = [...list(spec?.initContainers), ...list(spec?.containers), ...list(spec?.ephemeralContainers)];
  const names = [
    ...list(spec?.imagePullSecrets).map(({ name }) => name),
    ...containers.flatMap(({ env, envFrom }) => [...list(env).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name), ...list(envFrom).map(({ secretRef }) => secretRef?.name)]),
    ...list(spec?.volumes).flatMap(ofVolume),
  ];
  return new Set(names.filter((name): name is string => name !== undefined && name !== ''));
}
