import { readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type runtimev1 } from '@navarch/proto';
import { pidLevel } from '../eviction/read-levels';
import { diskUse } from '../eviction/read-usage';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';
import { containerNameLabel, podUidLabel } from '../runtime/labels';
import { nodeNetwork } from './node-network';
import { sandboxStats } from './sandbox-stats';
import { type FsStats, type NetworkStats, type StatsSummary } from './stats-summary';
import { type VolumeMeasures } from './volume-stats';

/** Adds disks, networks and processes to a summary. */
export async function addDetails(summary: StatsSummary, stats: readonly runtimev1.ContainerStats[], time: string, { runtime, table, rootDir, volumes }: { readonly runtime: ContainerRuntime; readonly table: PodTable; readonly rootDir: string; readonly volumes: VolumeMeasures }): Promise<StatsSummary> {
  const [images, sandboxes, fs, pidMax, loadavg, netdev] = await Promise.all([
    runtime.imageFsInfo(), sandboxStats(runtime, table), fileSystem(rootDir, time), readFile('/proc/sys/kernel/pid_max', 'utf8'), readFile('/proc/loadavg', 'utf8'), readFile('/proc/net/dev', 'utf8'),
  ]);
  const imageFs = await runtimeFileSystem(images.imageFilesystems[0], time);
  // Only a runtime that keeps them apart tells of what containers write.
  const containerFs = await runtimeFileSystem(images.containerFilesystems[0], time) ?? imageFs;
  const pids = pidLevel(pidMax, loadavg);
  return {
    node: { ...summary.node, network: nodeNetwork(netdev, time), fs, runtime: { ...(imageFs ? { imageFs } : {}), ...(containerFs ? { containerFs } : {}) }, rlimit: { time, maxpid: pids.capacity, curproc: pids.capacity - pids.available } },
    pods: await Promise.all(summary.pods.map(async (pod) => {
      const own = stats.filter(({ attributes }) => attributes?.labels[podUidLabel] === pod.podRef.uid);
      const worker = table.get(pod.podRef.uid);
      const containers = await Promise.all(pod.containers.map(async (container): Promise<typeof container> => {
        const layer = own.find(({ attributes }) => attributes?.labels[containerNameLabel] === container.name)?.writableLayer;
        const logPath = worker?.view.containers.find(({ name, state }) => name === container.name && state === 'running')?.logPath ?? '';
        const log = logPath === '' ? undefined : await diskUse(dirname(logPath));
        return {
          ...container, ...(layer ? { rootfs: { ...fs, time, usedBytes: number(layer.usedBytes) ?? 0, inodesUsed: number(layer.inodesUsed) ?? 0 } } : {}),
          ...(log ? { logs: { ...fs, time, usedBytes: log.bytes, inodesUsed: log.inodes } } : {}),
        };
      }));
      const sandbox = sandboxes.find(({ attributes }) => attributes?.labels[podUidLabel] === pod.podRef.uid);
      const network = networkStats(sandbox, time);
      const processes = number(sandbox?.linux?.process?.processCount);
      const volume = await volumes.of(pod.podRef.uid);
      const local = [
        ...containers.flatMap(({ rootfs, logs }) => [rootfs, logs]),
        ...volume.filter(({ name }) => worker?.pod.spec?.volumes?.some((own) => own.name === name && isLocalAndEphemeral(own))),
      ];
      const sum = (field: 'usedBytes' | 'inodesUsed'): number => local.reduce((total, part) => total + (part?.[field] ?? 0), 0);
      return {
        ...pod, containers, ...(network ? { network } : {}), ...(processes === undefined ? {} : { process_stats: { process_count: processes } }), volume,
        'ephemeral-storage': { ...fs, usedBytes: sum('usedBytes'), inodesUsed: sum('inodesUsed') },
      };
    })),
  };
}

/** As upstream counts it: what a pod has on the node's own disk, and only for its life. */
function isLocalAndEphemeral({ emptyDir, configMap }: corev1.Volume): boolean {
  return configMap !== undefined || (emptyDir !== undefined && (emptyDir.medium ?? '') === '');
}

async function runtimeFileSystem(usage: runtimev1.FilesystemUsage | undefined, time: string): Promise<FsStats | undefined> {
  const mountpoint = usage?.fsId?.mountpoint;
  return mountpoint === undefined ? undefined : { ...await seenFileSystem(mountpoint, time), usedBytes: number(usage?.usedBytes) ?? 0 };
}

/** A runtime may keep its images where this process does not see them: in a mount namespace of its own, or nowhere at all. */
async function seenFileSystem(path: string, time: string): Promise<FsStats> {
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
  const of = ({ name, rxBytes, rxErrors, txBytes, txErrors }: runtimev1.NetworkInterfaceUsage) => ({
    name,
    rxBytes: number(rxBytes) ?? 0,
    rxErrors: number(rxErrors) ?? 0,
    txBytes: number(txBytes) ?? 0,
    txErrors: number(txErrors) ?? 0,
  });
  return { time, ...of(main), interfaces: [main, ...sandbox.linux?.network?.interfaces ?? []].map(of) };
}

function number(value: { readonly value: bigint } | undefined): number | undefined {
  return value && Number(value.value);
}
