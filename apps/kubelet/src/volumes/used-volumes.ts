import { type corev1 } from '@navarch/api';
import { allContainersOf } from '../pods/pod-spec';

/** Volumes that some container mounts, has as a device or reads variables from. The others are not made, as upstream has it: a pod may name what is not there, if none of its containers asks for it. */
export function usedVolumes(pod: corev1.Pod): readonly corev1.Volume[] {
  const used = new Set(allContainersOf(pod).flatMap(({ volumeMounts = [], volumeDevices = [], env = [] }) => [
    ...[...volumeMounts, ...volumeDevices].map(({ name }) => name), ...env.flatMap(({ valueFrom }) => valueFrom?.fileKeyRef?.volumeName ?? []),
  ]));
  return (pod.spec?.volumes ?? []).filter(({ name }) => used.has(name));
}
