import { type corev1 } from '@navarch/api';
import { type KubeletMetrics } from '../kubelet-metrics';
import { ContainerStartError } from './action-error';
import { ephemeralContainersOf, findContainer, initContainersOf } from './pod-spec';

export type StartMetrics = Pick<
  KubeletMetrics,
  | 'startedPods'
  | 'startedPodsErrors'
  | 'startedUserNamespacedPods'
  | 'startedUserNamespacedPodsErrors'
  | 'imageVolumes'
  | 'imageVolumesMounted'
  | 'imageVolumesErrors'
  | 'startedContainers'
  | 'startedContainersErrors'
  | 'rejections'
>;

/** Makes a pod's sandbox, and counts it. */
export async function countedSandbox<T>(metrics: StartMetrics, pod: corev1.Pod, make: () => Promise<T>): Promise<T> {
  const hasOwnUsers = pod.spec?.hostUsers === false;
  metrics.startedPods.inc();
  if (hasOwnUsers) metrics.startedUserNamespacedPods.inc();
  try {
    return await make();
  } catch (error) {
    metrics.startedPodsErrors.inc();
    if (hasOwnUsers) metrics.startedUserNamespacedPodsErrors.inc();
    throw error;
  }
}

/** Starts a container, and counts it; a failure by the reason that its status gives. */
export async function countedStart<T>(metrics: StartMetrics, pod: corev1.Pod, name: string, start: () => Promise<T>): Promise<T> {
  const named = (list: readonly corev1.Container[]): boolean => list.some((container) => container.name === name);
  const type = named(initContainersOf(pod)) ? 'init_container' : named(ephemeralContainersOf(pod)) ? 'ephemeral_container' : 'container';
  const imageVolumes = imageVolumesOf(pod, name);
  metrics.startedContainers.inc({ container_type: type });
  metrics.imageVolumes.inc(imageVolumes);
  try {
    const started = await start();
    metrics.imageVolumesMounted.inc(imageVolumes);
    return started;
  } catch (error) {
    metrics.imageVolumesErrors.inc(imageVolumes);
    metrics.startedContainersErrors.inc({ container_type: type, code: error instanceof ContainerStartError ? error.reason : '' });
    throw error;
  }
}

/** How many images a container mounts. */
function imageVolumesOf(pod: corev1.Pod, name: string): number {
  const images = new Set((pod.spec?.volumes ?? []).filter(({ image }) => image !== undefined).map((volume) => volume.name));
  return (findContainer(pod, name)?.volumeMounts ?? []).filter((mount) => images.has(mount.name)).length;
}
