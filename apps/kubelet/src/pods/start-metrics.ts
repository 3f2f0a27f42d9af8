import { type corev1 } from '@navarch/api';
import { type KubeletMetrics } from '../kubelet-metrics';
import { ContainerStartError } from './action-error';
import { ephemeralContainersOf, initContainersOf } from './pod-spec';

export type StartMetrics = Pick<KubeletMetrics, 'startedPods' | 'startedPodsErrors' | 'startedContainers' | 'startedContainersErrors' | 'rejections'>;

/** Makes a pod's sandbox, and counts it. */
export async function countedSandbox<T>(metrics: StartMetrics, make: () => Promise<T>): Promise<T> {
  metrics.startedPods.inc();
  try {
    return await make();
  } catch (error) {
    metrics.startedPodsErrors.inc();
    throw error;
  }
}

/** Starts a container, and counts it; a failure by the reason that its status gives. */
export async function countedStart<T>(metrics: StartMetrics, pod: corev1.Pod, name: string, start: () => Promise<T>): Promise<T> {
  const named = (list: readonly corev1.Container[]): boolean => list.some((container) => container.name === name);
  const type = named(initContainersOf(pod)) ? 'init_container' : named(ephemeralContainersOf(pod)) ? 'ephemeral_container' : 'container';
  metrics.startedContainers.inc({ container_type: type });
  try {
    return await start();
  } catch (error) {
    metrics.startedContainersErrors.inc({ container_type: type, code: error instanceof ContainerStartError ? error.reason : '' });
    throw error;
  }
}
