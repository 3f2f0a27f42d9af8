import { type corev1 } from '@navarch/api';
import { allContainersOf } from '../pods/pod-spec';

/** Volumes that some container mounts, has as a device or reads variables from. The others are not made, as upstream has it: a pod may name what is not there, if none of its containers asks for it. */
export function usedVolumes(pod: corev1.Pod): readonly corev1.Volume[] {
  const read = new Set(allContainersOf(pod).flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.fileKeyRef?.volumeName ?? [])));
  return (pod.spec?.volumes ?? []).filter(({ name }) => {
    const { mounted, mapped } = usesOf(pod, name);
    return mounted || mapped || read.has(name);
  });
}

/** How containers have a volume: as files, or as a device. */
export function usesOf(pod: corev1.Pod, volumeName: string): { readonly mounted: boolean; readonly mapped: boolean } {
  const named = (list: readonly { readonly name: string }[] = []): boolean => list.some(({ name }) => name === volumeName);
  const containers = allContainersOf(pod);
  return { mounted: containers.some(({ volumeMounts }) => named(volumeMounts)), mapped: containers.some(({ volumeDevices }) => named(volumeDevices)) };
}
