import { type KubeletMetrics } from '../kubelet-metrics';
import { containersOf, ephemeralContainersOf, isStaticPod } from './pod-spec';
import { type PodWorker } from './pod-worker';

/** Tells in metrics how many pods and containers there are, of each kind. */
export function countPods(workers: readonly Pick<PodWorker, 'pod' | 'view' | 'ending' | 'holdsRoom' | 'stopped' | 'unwanted'>[], metrics: KubeletMetrics): void {
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
  for (const config of ['desired', 'orphan', 'runtime_only'] as const)
    for (const isStatic of config === 'runtime_only' ? (['unknown'] as const) : (['true', ''] as const))
      for (const lifecycle of ['sync', 'terminating', 'terminated'] as const) {
        const is = (worker: (typeof workers)[number]): boolean =>
          configOf(worker) === config && lifecycleOf(worker) === lifecycle && (isStatic === 'unknown' || isStaticPod(worker.pod) === (isStatic === 'true'));
        metrics.workingPods.set({ lifecycle, config, static: isStatic }, count(is));
      }
  metrics.mirrorPods.set(count(({ pod }) => isStaticPod(pod)));
  metrics.ephemeralContainers.set(workers.reduce((sum, { pod }) => sum + ephemeralContainersOf(pod).length, 0));
}

/** What is known of a pod that only the runtime had is made up, without containers. */
function configOf({ pod, unwanted }: Pick<PodWorker, 'pod' | 'unwanted'>): 'desired' | 'orphan' | 'runtime_only' {
  return !unwanted ? 'desired' : containersOf(pod).length === 0 ? 'runtime_only' : 'orphan';
}

function lifecycleOf({ ending, stopped }: Pick<PodWorker, 'ending' | 'stopped'>): 'sync' | 'terminating' | 'terminated' {
  return stopped ? 'terminated' : ending ? 'terminating' : 'sync';
}
