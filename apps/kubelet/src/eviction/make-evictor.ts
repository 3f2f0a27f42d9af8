import { type corev1 } from '@navarch/api';
import { type CgroupUsage } from '../cgroups/cgroup-usage';
import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { type PodWorker } from '../pods/pod-worker';
import { diskLayout, runtimeMounts, type RuntimeMounts } from './disk-layout';
import { Evictor, type EvictorDeps } from './evictor';
import { type Level } from './pressure';
import { readLevels } from './read-levels';

export interface EvictorNeighbours extends Pick<EvictorDeps, 'directories' | 'reclaimDisk' | 'onConditions'> {
  readonly workers: () => readonly PodWorker[];
  /** What a container's group tells. */
  readonly containerGroup: (pod: corev1.Pod, containerId: string) => Promise<CgroupUsage>;
  /** Memory that is left to pods together. */
  readonly memoryLevel: () => Promise<Level | undefined>;
}

export function makeEvictor(
  { eviction, rootDir }: KubeletOptions,
  { runtime, events, clock, log, metrics, levels }: KubeletDeps,
  { workers, containerGroup, memoryLevel, ...neighbours }: EvictorNeighbours,
): Evictor {
  const mounts = async (): Promise<RuntimeMounts> => runtimeMounts(await runtime.imageFsInfo());
  return new Evictor(eviction, {
    clock,
    log,
    events,
    ...neighbours,
    levels: levels ?? (async () => readLevels(rootDir, await mounts(), await memoryLevel())),
    layout: async () => diskLayout(rootDir, await mounts()),
    stats: () => runtime.listContainerStats(),
    pods: () =>
      workers()
        .filter((worker) => !worker.ending && !worker.stopped)
        .map((worker) => ({
          pod: worker.pod,
          processes: async () => {
            const running = worker.view.containers.filter(({ state }) => state === 'running');
            const groups = await Promise.all(running.map(({ id }) => containerGroup(worker.pod, id)));
            return groups.reduce((sum, { pids = [] }) => sum + pids.length, 0);
          },
          evict: (message, graceSeconds, disruption) => {
            events.pod(worker.pod, 'Warning', 'Evicted', message);
            worker.disrupt('Evicted', message, disruption ? message : undefined, graceSeconds);
          },
        })),
    onEvicted: (signal, ageMs) => {
      metrics.evictions.inc({ eviction_signal: signal });
      metrics.evictionStatsAgeSeconds.observe({ eviction_signal: signal }, ageMs / 1000);
    },
  });
}
