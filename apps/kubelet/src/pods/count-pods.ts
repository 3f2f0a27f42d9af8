import { type KubeletMetrics } from '../kubelet-metrics';
import { ephemeralContainersOf, isStaticPod } from './pod-spec';
import { type PodWorker } from './pod-worker';

/** Tells in metrics how many pods and containers there are, of each kind. */
export function countPods(workers: readonly Pick<PodWorker, 'pod' | 'view' | 'ending' | 'holdsRoom'>[], metrics: KubeletMetrics): void {
  const count = (holds: (worker: (typeof workers)[number]) => boolean): number => workers.filter(holds).length;
  metrics.runningPods.set(count(({ view }) => view.sandboxes[0]?.ready === true));
  for (const state of ['created', 'running', 'exited', 'unknown']) {
    metrics.runningContainers.set({ container_state: state }, workers.reduce((sum, { view }) => sum + view.containers.filter((container) => container.state === state).length, 0));
  }
  for (const own of [true, false]) {
    const labels = { static: own ? 'true' : '' };
    metrics.desiredPods.set(labels, count(({ pod, ending }) => isStaticPod(pod) === own && !ending));
    metrics.activePods.set(labels, count(({ pod, holdsRoom }) => isStaticPod(pod) === own && holdsRoom));
  }
  metrics.mirrorPods.set(count(({ pod }) => isStaticPod(pod)));
  metrics.ephemeralContainers.set(workers.reduce((sum, { pod }) => sum + ephemeralContainersOf(pod).length, 0));
}
