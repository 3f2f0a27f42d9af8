import { constants } from 'node:fs';
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type runtimev1 } from '@navarch/proto';
import { isCode } from '../error-text';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { containerNameLabel, podUidLabel } from '../runtime/labels';
import { pathOf } from '../volumes/o-path';
import { type PodDirectories } from '../volumes/pod-directories';
import { type ContainerUsage, type SpaceUsage } from './pod-usage';

/** What a pod's containers use of memory and of their own layers, as the runtime tells, and what its files take. `files`: whether to walk them. */
export async function readUsage(pod: corev1.Pod, stats: readonly runtimev1.ContainerStats[], directories: PodDirectories, files: boolean): Promise<SpaceUsage> {
  const containers = new Map<string, ContainerUsage>();
  let [memoryBytes, diskBytes, inodes, layerBytes, layerInodes] = [0, 0, 0, 0, 0];
  const logs = directories.podLogs(namespaceOf(pod), nameOf(pod), uidOf(pod));
  for (const { attributes, memory, writableLayer } of stats) {
    const name = attributes?.labels[containerNameLabel];
    if (attributes?.labels[podUidLabel] !== uidOf(pod) || name === undefined) continue;
    const log = files ? await diskUse(join(logs, name)) : nothing;
    const layer = { bytes: Number(writableLayer?.usedBytes?.value ?? 0), inodes: Number(writableLayer?.inodesUsed?.value ?? 0) };
    const usage = { memoryBytes: Number(memory?.workingSetBytes?.value ?? 0), diskBytes: layer.bytes + log.bytes };
    containers.set(name, usage);
    memoryBytes += usage.memoryBytes;
    diskBytes += usage.diskBytes;
    inodes += layer.inodes + log.inodes;
    layerBytes += layer.bytes;
    layerInodes += layer.inodes;
  }
  const emptyDirs = new Map<string, number>();
  for (const { name, emptyDir } of files ? pod.spec?.volumes ?? [] : []) {
    if (!emptyDir) continue;
    const used = await diskUse(directories.volume(uidOf(pod), 'empty-dir', name));
    emptyDirs.set(name, used.bytes);
    // What is in memory is counted there.
    if (emptyDir.medium === undefined || emptyDir.medium === '') {
      diskBytes += used.bytes;
      inodes += used.inodes;
    }
  }
  return { memoryBytes, diskBytes, inodes, layerBytes, layerInodes, containers, emptyDirs };
}

const nothing = { bytes: 0, inodes: 0 };
const blockBytes = 512;

/** Beyond this many bytes a path goes on from a handle: what containers nest may be deeper than a path can name. */
const longPath = 3_000;

/** What a directory takes, as du counts: blocks, and each file of several links once for each. Files that vanish meanwhile count nothing. */
export function diskUse(path: string): Promise<{ bytes: number; inodes: number }> {
  return useOf(Buffer.from(path));
}

/** Names are bytes: containers may write any. */
async function useOf(path: Buffer): Promise<{ bytes: number; inodes: number }> {
  let handle: FileHandle | undefined;
  try {
    const stats = await lstat(path);
    const total = { bytes: stats.blocks * blockBytes, inodes: 1 };
    if (!stats.isDirectory()) return total;
    handle = path.length > longPath ? await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW) : undefined;
    const here = handle ? Buffer.from(pathOf(handle)) : path;
    for (const name of await readdir(here, { encoding: 'buffer' })) {
      const child = await useOf(Buffer.concat([here, slash, name]));
      total.bytes += child.bytes;
      total.inodes += child.inodes;
    }
    return total;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return nothing;
    throw error;
  } finally {
    await handle?.close();
  }
}

const slash = Buffer.from('/');
