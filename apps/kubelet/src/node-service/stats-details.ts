import { readFile, statfs } from 'node:fs/promises';
import { type runtimev1 } from '@navarch/proto';
import { pidLevel } from '../eviction/read-levels';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';
import { containerNameLabel, podUidLabel } from '../runtime/labels';
import { sandboxStats } from './sandbox-stats';
import { type FsStats, type NetworkStats, type StatsSummary } from './stats-summary';
import { type VolumeMeasures } from './volume-stats';

/** Adds disks, networks and processes to a summary. */
export async function addDetails(summary: StatsSummary, stats: readonly runtimev1.ContainerStats[], time: string, { runtime, table, rootDir, volumes }: { readonly runtime: ContainerRuntime; readonly table: PodTable; readonly rootDir: string; readonly volumes: VolumeMeasures }): Promise<StatsSummary> {
  const [images, sandboxes, fs, pidMax, loadavg] = await Promise.all([
    runtime.imageFsInfo(), sandboxStats(runtime, table), fileSystem(rootDir, time), readFile('/proc/sys/kernel/pid_max', 'utf8'), readFile('/proc/loadavg', 'utf8'),
  ]);
  const [image] = images.imageFilesystems;
  const mountpoint = image?.fsId?.mountpoint;
  const imageFs = mountpoint === undefined ? undefined : { ...await imageFileSystem(mountpoint, time), usedBytes: number(image?.usedBytes) ?? 0 };
  const pids = pidLevel(pidMax, loadavg);
  return {
    node: { ...summary.node, fs, runtime: imageFs ? { imageFs } : {}, rlimit: { time, maxpid: pids.capacity, curproc: pids.capacity - pids.available } },
    pods: await Promise.all(summary.pods.map(async (pod) => {
      const own = stats.filter(({ attributes }) => attributes?.labels[podUidLabel] === pod.podRef.uid);
      const containers = pod.containers.map((container): typeof container => {
        const layer = own.find(({ attributes }) => attributes?.labels[containerNameLabel] === container.name)?.writableLayer;
        return layer ? { ...container, rootfs: { ...fs, time, usedBytes: number(layer.usedBytes) ?? 0, inodesUsed: number(layer.inodesUsed) ?? 0 } } : container;
      });
      const network = networkStats(sandboxes.find(({ attributes }) => attributes?.labels[podUidLabel] === pod.podRef.uid), time);
      const usedBytes = containers.reduce((sum, container) => sum + (container.rootfs?.usedBytes ?? 0), 0);
      return { ...pod, containers, ...(network ? { network } : {}), volume: await volumes.of(pod.podRef.uid), 'ephemeral-storage': { ...fs, usedBytes } };
    })),
  };
}

/** A runtime may keep its images where this process does not see them: in a mount namespace of its own, or nowhere at all. */
async function imageFileSystem(path: string, time: string): Promise<FsStats> {
  return fileSystem(path, time).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { time };
  });
}

async function fileSystem(path: string, time: string): Promise<FsStats> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  return { time, availableBytes: bsize * bavail, capacityBytes: bsize * blocks, usedBytes: bsize * (blocks - bfree), inodesFree: ffree, inodes: files, inodesUsed: files - ffree };
}

function networkStats(sandbox: runtimev1.PodSandboxStats | undefined, time: string): NetworkStats | undefined {
  const main = sandbox?.linux?.network?.defaultInterface;
  if (!main) return undefined;
  const of = ({ name, rxBytes, rxErrors, txBytes, txErrors }: runtimev1.NetworkInterfaceUsage) => ({ name, rxBytes: number(rxBytes) ?? 0, rxErrors: number(rxErrors) ?? 0, txBytes: number(txBytes) ?? 0, txErrors: number(txErrors) ?? 0 });
  return { time, ...of(main), interfaces: [main, ...sandbox.linux?.network?.interfaces ?? []].map(of) };
}

function number(value: { readonly value: bigint } | undefined): number | undefined {
  return value && Number(value.value);
}
